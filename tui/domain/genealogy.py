"""The lineage of a catalog, and whether each base is the newest build of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tui.domain.configured import configured_claims
from tui.domain.distro import distro_hint, distro_of
from tui.domain.evidence import claims_of
from tui.domain.facts import ImageFacts
from tui.domain.image import Claim, Descriptor, ImageConfig, Manifest, ManifestKind, Platform, RepositoryName
from tui.domain.join import Catalog, Known
from tui.domain.lineage import Content, Lineage, build
from tui.domain.outdated import BaseFacts, BaseVerdict, apply_verdict, judge, with_bases_behind
from tui.domain.snapshot import BaseLink, ImageKey
from tui.domain.standing import Registries, is_attached_tag

__all__ = ["Bases", "distribution", "is_distribution", "is_scratch", "judge_bases", "lineage_of", "said_of", "usual_config"]

_NO_ANNOTATIONS: Mapping[str, str] = {}


def lineage_of(catalog: Catalog, facts: ImageFacts) -> Lineage:
    """Build the lineage of every image whose configuration was read."""
    registries = Registries(facts)
    tags = {
        (name, tag): word.digest
        for name, found in facts.tags.items()
        for tag in found
        if not is_attached_tag(tag) and (word := registries.tag(name, tag)).digest and not word.gone
    }
    names = {key: known.tags for key, known in catalog.images.items()}
    return build(tuple(_contents(catalog, facts)), _aliases(catalog), tags, names)


def _contents(catalog: Catalog, facts: ImageFacts) -> Iterator[Content]:
    claims = _claims(catalog, facts)
    for digest, images in catalog.by_config.items():
        config = catalog.contents.configs.get(digest)
        if config is not None:
            yield Content(
                digest,
                config.platform,
                config.diff_ids,
                config.history,
                config.created,
                tuple(sorted(images)),
                tuple(dict.fromkeys(claims.get(digest, ()))),
            )


def _aliases(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for known in catalog.images.values():
        found[known.key.digest] = known.configs
        for member in known.members:
            if member.config:
                found.setdefault(member.manifest, (member.config,))
    return found


def _claims(catalog: Catalog, facts: ImageFacts) -> dict[str, list[Claim]]:
    """What is said of the base of each config, in the order of the images' keys."""
    found: dict[str, list[Claim]] = {}
    for key in sorted(catalog.images):
        for config, claims in _said_of_members(catalog.images[key], catalog, facts):
            if claims:
                found.setdefault(config, []).extend(claims)
    return found


def _said_of_members(known: Known, catalog: Catalog, facts: ImageFacts) -> Iterator[tuple[str, tuple[Claim, ...]]]:
    manifests, configs = catalog.contents.manifests, catalog.contents.configs
    top = manifests.get(known.key.digest)
    is_index = top is not None and top.kind is ManifestKind.INDEX
    outer = configured_claims(RepositoryName(known.key.registry, known.key.repository), facts.configured)
    if top is not None and is_index:
        outer = (*claims_of(top), *facts.claims.get(top.digest, ()), *outer)
    descriptors = {child.digest: child for child in top.children} if top is not None and is_index else {}
    for member in known.members:
        manifest = manifests.get(member.manifest)
        if manifest is not None and member.config:
            own = said_of(manifest, configs.get(member.config), facts, descriptors.get(member.manifest))
            yield member.config, (*own, *outer)


def said_of(
    manifest: Manifest, config: ImageConfig | None, facts: ImageFacts, descriptor: Descriptor | None = None
) -> tuple[Claim, ...]:
    """Everything that is said of the base of one manifest: in it, in its config, in its index, and from outside."""
    annotations = descriptor.annotations if descriptor is not None else _NO_ANNOTATIONS
    return (*claims_of(manifest, config, annotations), *facts.claims.get(manifest.digest, ()))


# ---- is the base the newest?


@dataclass(frozen=True, slots=True, eq=False)
class Bases:
    """What is judged of bases: the links with their state, the verdicts, and when the tag of each image's base was read."""

    links: Mapping[ImageKey, BaseLink] = field(default_factory=dict)
    verdicts: Mapping[ImageKey, BaseVerdict] = field(default_factory=dict)
    read: Mapping[ImageKey, datetime | None] = field(default_factory=dict)


class _BaseJudge:
    """Judges links; many images stand on one build of one base, so what was judged is kept."""

    def __init__(self, catalog: Catalog, lineage: Lineage, registries: Registries) -> None:
        self._catalog = catalog
        self._lineage = lineage
        self._registries = registries
        self._tags: dict[RepositoryName, dict[str, str] | None] = {}
        self._kept: dict[tuple[ImageKey, str, tuple[tuple[Platform, str], ...]], BaseVerdict] = {}

    def judge(self, image: ImageKey, link: BaseLink) -> BaseVerdict:
        built = tuple(sorted(self._built(image)))
        at = (link.base, link.tag, built)
        found = self._kept.get(at)
        if found is None:
            found = self._kept[at] = judge(self._facts(link, dict(built)))
        return found

    def _built(self, image: ImageKey) -> Iterator[tuple[Platform, str]]:
        """The config of the base for each platform of the image; a base's own when the link goes up from a base."""
        known = self._catalog.images.get(image)
        for member in known.members if known is not None else ():
            base = self._lineage.parents.get(member.config)
            config = self._catalog.contents.configs.get(base) if base is not None else None
            if config is not None:
                yield config.platform, config.digest

    def _facts(self, link: BaseLink, built: Mapping[Platform, str]) -> BaseFacts:
        name = RepositoryName(link.base.registry, link.base.repository)
        base = self._catalog.images.get(link.base)
        digests = base.digests if base is not None else tuple(filter(None, (link.base.digest,)))
        if not name.repository:
            return BaseFacts(link, digests, built)
        word = self._registries.tag(name, link.tag) if link.tag else None
        now = self._image_now(name, word.digest) if word is not None and word.there else None
        return BaseFacts(
            link,
            digests,
            built,
            tag_digest=word.digest if word is not None and word.there else "",
            tag_digests=now.digests if now is not None else (),
            tag_configs=self._configs(now),
            tag_gone=word is not None and word.gone,
            tags=self._all_tags(name),
            unreadable=self._unreadable(name, link, word.reason if word is not None and not word.there else ""),
            moved=self._registries.moved(name, link.tag) if link.tag else None,
        )

    def _image_now(self, name: RepositoryName, digest: str) -> Known | None:
        held = self._catalog.holding(name, digest)
        return self._catalog.images[held[0]] if held else None

    def _configs(self, known: Known | None) -> dict[Platform, str] | None:
        """The config per platform; None unless every platform was read."""
        if known is None or not known.members or not all(member.config and member.platform for member in known.members):
            return None
        configs = self._catalog.contents.configs
        found = ((configs[m.config].platform if m.config in configs else m.platform, m.config) for m in known.members)
        return {platform: config for platform, config in found if platform is not None}

    def _all_tags(self, name: RepositoryName) -> dict[str, str] | None:
        if name not in self._tags:
            self._tags[name] = self._registries.tags(name)
        return self._tags[name]

    def _unreadable(self, name: RepositoryName, link: BaseLink, reason: str) -> str:
        if not reason and not link.tag:
            reason = self._registries.lost.get(name.registry, "")
        what = f"{name}:{link.tag}" if link.tag else str(name)
        return f"Whether {what} has a newer build is not known: {reason}" if reason else ""


def judge_bases(catalog: Catalog, lineage: Lineage, registries: Registries) -> Bases:
    """The state of every link, with old bases below new ones counted."""
    links = dict(lineage.links)
    links.update({key: base.base for key, base in lineage.bases.items() if base.base is not None})
    judge_of = _BaseJudge(catalog, lineage, registries)
    verdicts = with_bases_behind(links, {image: judge_of.judge(image, link) for image, link in links.items()})
    judged = {image: apply_verdict(link, verdicts[image]) for image, link in links.items()}
    read = {image: _read_at(link, registries) for image, link in lineage.links.items()}
    return Bases(judged, verdicts, read)


def _read_at(link: BaseLink, registries: Registries) -> datetime | None:
    name = RepositoryName(link.base.registry, link.base.repository)
    return registries.tag(name, link.tag).at if name.repository and link.tag else None


# ---- distributions


def usual_config(known: Known, catalog: Catalog) -> ImageConfig | None:
    """The config of the platform that most nodes have, else of the first."""
    usual = Platform("linux", "amd64")
    members = sorted(known.members, key=lambda member: member.platform != usual)
    return next((catalog.contents.configs[m.config] for m in members if m.config in catalog.contents.configs), None)


def distribution(known: Known, catalog: Catalog) -> str:
    """What an image is built on in the end, such as `debian 12`; empty when nothing tells."""
    config = usual_config(known, catalog)
    return distro_of(config) if config is not None else ""


def is_distribution(known: Known, catalog: Catalog) -> bool:
    """Whether an image is a distribution's own on every platform: its history begins one, and adds no layer to it."""
    configs = [catalog.contents.configs.get(member.config) for member in known.members]
    return bool(configs) and all(
        config is not None and len(config.diff_ids) == 1 and bool(distro_hint(config.history, _NO_ANNOTATIONS))
        for config in configs
    )


def is_scratch(known: Known, catalog: Catalog, facts: ImageFacts) -> bool:
    """Whether something says of every platform of an image that it was built from nothing."""
    scratch = {config for config, claims in _said_of_members(known, catalog, facts) if any(claim.scratch for claim in claims)}
    return bool(known.members) and all(member.config in scratch for member in known.members)
