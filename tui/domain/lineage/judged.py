"""Whether each base is the newest build of itself, by every tag that the image may have been built from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from tui.domain.common.text import full_stop
from tui.domain.facts.image import Platform, RepositoryName
from tui.domain.facts.reference import is_digest
from tui.domain.lineage.base_steps import with_steps
from tui.domain.lineage.base_tags import TagNow, candidates
from tui.domain.lineage.genealogy import whole_registries
from tui.domain.lineage.graph import Lineage
from tui.domain.lineage.outdated import (
    BaseFacts,
    BaseVerdict,
    OutdatedRule,
    apply_verdict,
    decide,
    judge,
    unknown,
    with_bases_behind,
)
from tui.domain.registries.catalog import Catalog
from tui.domain.registries.presence import Registries, is_attached_tag
from tui.domain.snapshot.snapshot import BaseLink, BaseState, ImageKey

__all__ = ["Bases", "judge_bases", "newest_build"]


@dataclass(frozen=True, slots=True, eq=False)
class Bases:
    """What is judged of bases: the links with their state, the verdicts, and when the tag of each image's base was read."""

    links: Mapping[ImageKey, BaseLink] = field(default_factory=dict)
    verdicts: Mapping[ImageKey, BaseVerdict] = field(default_factory=dict)
    read: Mapping[ImageKey, datetime | None] = field(default_factory=dict)


Built = tuple[tuple[Platform, str], ...]
"""The config of a base for each platform of an image."""


class _Base:
    """One link with all that its verdict follows from but what registries say."""

    def __init__(self, link: BaseLink, digests: tuple[str, ...], built: Built) -> None:
        self.link, self.digests, self.built = link, digests, dict(built)
        self.name = RepositoryName(link.base.registry, link.base.repository)


class _BaseJudge:
    """Judges links; many images stand on one build of one base, so what was judged is kept."""

    def __init__(self, catalog: Catalog, lineage: Lineage, registries: Registries) -> None:
        self._catalog = catalog
        self._lineage = lineage
        self._registries = registries
        self._whole = whole_registries(registries.facts)
        self._configs: dict[str, dict[Platform, str] | None] = {}
        self._kept: dict[tuple[ImageKey, tuple[str, ...] | None, str, Built], BaseVerdict] = {}

    def judge(self, image: ImageKey, link: BaseLink) -> BaseVerdict:
        """The verdict on one link: what stands for some platforms only is not known of the image."""
        claimed = self._lineage.origins.get(image)
        built = tuple(sorted(self._built(image)))
        verdict = self._by_name(link, claimed, built)
        if verdict.state is not BaseState.CURRENT:
            return verdict
        doubt = self._doubt(image, link)
        if doubt:
            return unknown(OutdatedRule.NOT_SHOWN, doubt, "base not shown")
        if claimed is None:
            verdict = self._with_other_names(image, link, built, verdict)
        gap = self._gap(image, link) if verdict.state is BaseState.CURRENT else ""
        return unknown(OutdatedRule.NOT_WHOLE, f"{verdict.reason} {gap}", "base unknown") if gap else verdict

    def _by_name(self, link: BaseLink, claimed: tuple[str, ...] | None, built: Built) -> BaseVerdict:
        at = (link.base, claimed, link.tag, built)
        found = self._kept.get(at)
        if found is None:
            found = self._kept[at] = self._judge(_Base(link, self._digests(link.base), built), claimed or ())
        return found

    def _judge(self, base: _Base, claimed: tuple[str, ...]) -> BaseVerdict:
        link = base.link
        if not base.name.repository:
            return decide(link, {}, claimed=False)
        tags = claimed or self._candidates(base)
        if tags is None:
            return unknown(OutdatedRule.UNREADABLE, self._not_listed(base), "base unknown")
        return decide(link, {tag: judge(self._facts(base, tag)) for tag in tags}, bool(claimed))

    # ---- what is known of the base

    def _built(self, image: ImageKey) -> Iterator[tuple[Platform, str]]:
        """The config of the base for each platform of the image; a base's own when the link goes up from a base."""
        known = self._catalog.images.get(image)
        for member in known.members if known is not None else ():
            base = self._lineage.parents.get(member.config)
            config = self._catalog.contents.configs.get(base) if base is not None else None
            if config is not None:
                yield config.platform, config.digest

    def _digests(self, base: ImageKey) -> tuple[str, ...]:
        known = self._catalog.images.get(base)
        if known is not None:
            return known.digests
        members = self._catalog.contents.members(base.digest) or ()
        return tuple(dict.fromkeys(filter(None, (base.digest, *(member.manifest for member in members)))))

    def _gap(self, image: ImageKey, link: BaseLink) -> str:
        """Why a base is not that of the whole image: of some platform it is another, or not known; empty when it is."""
        known = self._catalog.images.get(image)
        base = self._catalog.images.get(link.base)
        if known is None or len(known.members) < 2:
            return ""
        members = self._catalog.contents.members(link.base.digest) or ()
        configs = base.configs if base is not None else {member.config for member in members}
        parents = {member: self._lineage.parents.get(member.config, "") for member in known.members}
        strays = [member for member, parent in parents.items() if not parent or parent not in configs]
        if not strays or len(strays) == len(parents):  # without any the base is only claimed, and of the whole index
            return ""
        names = ", ".join(sorted(str(member.platform or "a platform that is not known") for member in strays))
        return f"That is not known for {names}: what that stands on is another base, or has not been read."

    def _doubt(self, image: ImageKey, link: BaseLink) -> str:
        """Why nothing proves that an image stands on its base, for any of its platforms; empty where layers do."""
        known = self._catalog.images.get(image)
        doubts = (self._lineage.doubts.get(member.config) for member in (known.members if known is not None else ()))
        doubt = next(filter(None, doubts), "")
        if not doubt or not link.layers or not link.base.repository:
            return doubt
        proven = f"Its layers begin with those of {link.base.registry}/{link.base.repository}"
        return f"{proven}{f':{link.tag}' if link.tag else ''}. {doubt}"

    def _with_other_names(self, image: ImageKey, link: BaseLink, built: Built, verdict: BaseVerdict) -> BaseVerdict:
        """A name that was only chosen: another name of the same content may be the one, and its tags may have moved on."""
        own = link.base
        if self._may_be_between(image):
            nearest = f"{own.registry}/{own.repository} is the nearest base that is known, and nothing names it"
            reason = f"{nearest}: some of the image's own steps are older than others, or shared, as if another base lay between."
            return unknown(OutdatedRule.BETWEEN, reason, "base unknown")
        if own.registry != image.registry and image.registry and not self._is_whole(image.registry):
            reason = f"Nothing names its base, and {image.registry}, which has not been read whole, may hold the same build."
            return unknown(OutdatedRule.SEVERAL_NAMES, reason, "base unknown")
        if image.registry in self._registries.unsurveyed:
            reason = f"Nothing names its base, and the rest of {image.registry}, which has not been read, may hold a nearer one."
            return unknown(OutdatedRule.BETWEEN, reason, "base unknown")
        for other in self._same_content(own, built):
            found = self._by_name(BaseLink(other, link.basis, link.confidence), None, built)
            if found.state is not BaseState.CURRENT:
                one, two = f"{own.registry}/{own.repository}", f"{other.registry}/{other.repository}"
                reason = f"Nothing tells whether it was built from {one} or from {two}. {verdict.reason} {found.reason}"
                return unknown(OutdatedRule.SEVERAL_NAMES, reason, "base unknown")
        return verdict

    def _may_be_between(self, image: ImageKey) -> bool:
        known = self._catalog.images.get(image)
        return known is not None and any(member.config in self._lineage.between for member in known.members)

    def _same_content(self, own: ImageKey, built: Built) -> Iterator[ImageKey]:
        """One image of each other repository that holds what the image was built on."""
        seen = {(own.registry, own.repository)}
        for _, config in built:
            for key in self._catalog.by_config.get(config, ()):
                if (key.registry, key.repository) not in seen:
                    seen.add((key.registry, key.repository))
                    yield key

    def _is_whole(self, registry: str) -> bool:
        return registry in self._whole and registry not in self._registries.lost

    # ---- by its tags

    def _candidates(self, base: _Base) -> tuple[str, ...] | None:
        """The tags that the image may have been built from; None when they are not all known."""
        facts = self._registries.facts
        if base.name not in facts.tag_lists or base.name.registry in self._registries.lost:
            return None
        read = ((tag, self._tag_now(base, tag)) for tag in facts.tags.get(base.name, {}) if not is_attached_tag(tag))
        found = {tag: now for tag, now in read if now is not None}
        row = self._registries.rows(base.name).get(base.link.base.digest)
        return candidates(found, row.pushed if row is not None else None)

    def _tag_now(self, base: _Base, tag: str) -> TagNow | None:
        """None for a tag that is gone and was never seen to name the build."""
        word, record = self._registries.tag(base.name, tag), self._registries.facts.tags[base.name][tag]
        named = not record.spans.keys().isdisjoint(base.digests)
        if not word.there:
            return None if word.gone and not named else TagNow(named=named)
        names = word.digest == base.link.base.digest or self._is_same(base, word.digest)
        return TagNow(word.digest, names, named, self._registries.moved(base.name, tag))

    def _is_same(self, base: _Base, digest: str) -> bool:
        """Whether a digest has the base's content for every platform of the image."""
        configs = self._configs_of(digest) if base.built else None
        return configs is not None and set(base.built.values()) <= set(configs.values())

    def _facts(self, base: _Base, tag: str) -> BaseFacts:
        name, facts = base.name, self._registries.facts
        word = self._registries.tag(name, tag)
        record = facts.tags.get(name, {}).get(tag)
        row = record.row if record is not None else None
        members = self._catalog.contents.members(word.digest) if word.there else None
        return BaseFacts(
            base.link,
            tag,
            base.digests,
            base.built,
            tag_digest=word.digest if word.there else "",
            tag_digests=(word.digest, *(member.manifest for member in members)) if members is not None else (),
            tag_configs=self._configs_of(word.digest) if word.there else None,
            tag_gone=word.gone,
            tags=self._registries.tags(name),
            unlisted=self._unlisted(name),
            unreadable=f"Whether {name}:{tag} has a newer build is not known: {word.reason}" if word.reason else "",
            moved=self._registries.moved(name, tag),
            moves=record is not None and (len(record.spans) > 1 or _was_moved(row.created, row.updated) if row else False),
        )

    def _configs_of(self, digest: str) -> dict[Platform, str] | None:
        """The config per platform; None unless every platform was read."""
        if digest not in self._configs:
            self._configs[digest] = self._read_configs(digest)
        return self._configs[digest]

    def _read_configs(self, digest: str) -> dict[Platform, str] | None:
        members = self._catalog.contents.members(digest)
        if not members or not all(member.config and member.platform for member in members):
            return None
        configs = self._catalog.contents.configs
        found = ((configs[m.config].platform if m.config in configs else m.platform, m.config) for m in members)
        return {platform: config for platform, config in found if platform is not None}

    # ---- why not

    def _unlisted(self, name: RepositoryName) -> str:
        """Why the tags of a repository are not known whole although its registry is being read; empty where it is not."""
        facts = self._registries.facts
        if name in facts.tag_lists and name.registry not in self._registries.lost:
            return ""
        partly = any(record.row is not None for record in facts.tags.get(name, {}).values())
        return f"the tags of {name} have not all been listed." if partly or name.registry in facts.catalogs else ""

    def _not_listed(self, base: _Base) -> str:
        why = self._registries.lost.get(base.name.registry) or f"the tags of {base.name} have not all been listed."
        failures = self._registries.facts.failed.get(base.name, {})
        refused = sorted(each for each in failures if not is_digest(each) and not self._registries.tag(base.name, each).there)
        if refused:
            why = f"whether there is a newer build is unknown: {full_stop(failures[refused[0]].reason)}"
        return f"Nothing tells from which tag of {base.name} it was built, and {why[0].lower()}{why[1:]}"


def _was_moved(created: datetime | None, updated: datetime | None) -> bool:
    return created is not None and updated is not None and updated > created


def judge_bases(catalog: Catalog, lineage: Lineage, registries: Registries) -> Bases:
    """The state of every link, with old bases below new ones counted."""
    links = dict(lineage.links)
    links.update({key: base.base for key, base in lineage.bases.items() if base.base is not None})
    judge_of = _BaseJudge(catalog, lineage, registries)
    judged_alone = {image: judge_of.judge(image, link) for image, link in links.items()}
    verdicts = with_steps(links, with_bases_behind(links, judged_alone), partial(newest_build, catalog, registries))
    judged = {image: apply_verdict(link, verdicts[image]) for image, link in links.items()}
    read = {image: _read_at(link, registries) for image, link in lineage.links.items()}
    return Bases(judged, verdicts, read)


def newest_build(catalog: Catalog, registries: Registries, link: BaseLink, verdict: BaseVerdict) -> ImageKey | None:
    """The image that is the newest build of a base: what its tag names now, or the newer version of it; None when not known."""
    name = RepositoryName(link.base.registry, link.base.repository)
    tag, _, digest = verdict.newest.partition("@")
    digest = digest or (registries.tag(name, tag).digest if tag else "")
    return next(iter(catalog.holding(name, digest)), None) if digest else None


def _read_at(link: BaseLink, registries: Registries) -> datetime | None:
    name = RepositoryName(link.base.registry, link.base.repository)
    return registries.tag(name, link.tag).at if name.repository and link.tag else None
