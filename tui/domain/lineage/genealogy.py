"""The lineage of a catalog, and what images are made of in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tui.domain.facts.configured import configured_claims
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import Claim, Descriptor, ImageConfig, Manifest, ManifestKind, Platform, RepositoryName
from tui.domain.lineage.distro import distro_hint, distro_of
from tui.domain.lineage.evidence import claims_of
from tui.domain.lineage.graph import Content, Lineage, build
from tui.domain.registries.catalog import Catalog, CatalogImage
from tui.domain.registries.presence import Registries, is_attached_tag
from tui.domain.registries.public import PUBLIC
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["distribution", "is_distribution", "is_scratch", "lineage_of", "said_of", "usual_config", "whole_registries"]

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
    return build(tuple(_contents(catalog, facts)), _aliases(catalog), tags, names, _hidden(facts))


def whole_registries(facts: ImageFacts) -> frozenset[str]:
    """The registries whose repositories are all known, with all their tags: nothing of theirs is hidden."""
    return frozenset(
        catalog.registry
        for catalog in facts.catalogs.values()
        if catalog.complete and all(RepositoryName(catalog.registry, each) in facts.tag_lists for each in catalog.repositories)
    )


def _hidden(facts: ImageFacts) -> frozenset[str]:
    """The registries that may hold a repository which was not read; those that everybody reads from are never known whole."""
    return frozenset(name.registry for name in facts.held) - whole_registries(facts) - PUBLIC


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
                tuple(dict.fromkeys(claim for said in claims.get(digest, {}).values() for claim in said)),
                _speakers(claims.get(digest, {})),
            )


def _speakers(claims: Mapping[ImageKey, list[Claim]]) -> tuple[tuple[ImageKey, tuple[Claim, ...]], ...]:
    """Who says what, where images of one content say different things."""
    if len(claims) < 2 or len({frozenset(said) for said in claims.values()}) == 1:
        return ()
    return tuple((key, tuple(said)) for key, said in claims.items())


def _aliases(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for known in catalog.images.values():
        found[known.key.digest] = known.configs
        for member in known.members:
            if member.config:
                found.setdefault(member.manifest, (member.config,))
    return found


def _claims(catalog: Catalog, facts: ImageFacts) -> dict[str, dict[ImageKey, list[Claim]]]:
    """What is said of the base of each config by which image, in the order of the images' keys."""
    found: dict[str, dict[ImageKey, list[Claim]]] = {}
    for key in sorted(catalog.images):
        for config, claims in _said_of_members(catalog.images[key], catalog, facts):
            if claims:
                found.setdefault(config, {}).setdefault(key, []).extend(claims)
    return found


def _said_of_members(known: CatalogImage, catalog: Catalog, facts: ImageFacts) -> Iterator[tuple[str, tuple[Claim, ...]]]:
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


# ---- distributions


def usual_config(known: CatalogImage, catalog: Catalog) -> ImageConfig | None:
    """The config of the platform that most nodes have, else of the first."""
    usual = Platform("linux", "amd64")
    members = sorted(known.members, key=lambda member: member.platform != usual)
    return next((catalog.contents.configs[m.config] for m in members if m.config in catalog.contents.configs), None)


def distribution(known: CatalogImage, catalog: Catalog) -> str:
    """What an image is built on in the end, such as `debian 12`; empty when nothing tells."""
    config = usual_config(known, catalog)
    return distro_of(config) if config is not None else ""


def is_distribution(known: CatalogImage, catalog: Catalog) -> bool:
    """Whether an image is a distribution's own on every platform: its history begins one, and adds no layer to it."""
    configs = [catalog.contents.configs.get(member.config) for member in known.members]
    return bool(configs) and all(
        config is not None and len(config.diff_ids) == 1 and bool(distro_hint(config.history, _NO_ANNOTATIONS))
        for config in configs
    )


def is_scratch(known: CatalogImage, catalog: Catalog, facts: ImageFacts) -> bool:
    """Whether something says of every platform of an image that it was built from nothing."""
    scratch = {config for config, claims in _said_of_members(known, catalog, facts) if any(claim.scratch for claim in claims)}
    return bool(known.members) and all(member.config in scratch for member in known.members)
