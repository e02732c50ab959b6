"""The lineage of a catalog, and what images are made of in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from tui.domain.facts.configured import configured_claims
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import Claim, Descriptor, ImageConfig, Manifest, ManifestKind, Platform, RepositoryName
from tui.domain.lineage.distro import distro_hint, distro_of
from tui.domain.lineage.evidence import claims_of
from tui.domain.lineage.graph import Content
from tui.domain.registries.catalog import Catalog, CatalogImage
from tui.domain.registries.contents import PlatformMember
from tui.domain.registries.public import is_public
from tui.domain.snapshot.snapshot import ImageKey

__all__ = [
    "ClaimsByConfig",
    "claims_of_image",
    "content_of",
    "distribution",
    "hidden_registries",
    "is_distribution",
    "is_scratch",
    "said_of",
    "usual_config",
    "whole_registries",
]

_NO_ANNOTATIONS: Mapping[str, str] = {}


def whole_registries(facts: ImageFacts) -> frozenset[str]:
    """The registries whose repositories are all known, with all their tags: nothing of theirs is hidden."""
    return frozenset(
        catalog.registry
        for catalog in facts.catalogs.values()
        if catalog.complete
        and all(RepositoryName(catalog.registry, repository) in facts.tag_lists for repository in catalog.repositories)
    )


def hidden_registries(facts: ImageFacts) -> frozenset[str]:
    """The registries that may hold a repository which was not read; those that everybody reads from are never known whole."""
    registries = frozenset(name.registry for name in facts.last_seen if not is_public(name.registry))
    return registries - whole_registries(facts)


def content_of(config: str, catalog: Catalog, claims: Callable[[ImageKey], ClaimsByConfig]) -> Content | None:
    """The content of a config, with what the images that hold it say of its base; None when the config was not read."""
    read = catalog.contents.config(config)
    if read is None:
        return None
    holders = catalog.of_config(config)
    images = holders if len(holders) < 2 else tuple(sorted(holders))
    claimed = {key: own for key in images if (own := claims(key).get(config))}
    return Content(
        config,
        read.platform,
        read.diff_ids,
        read.history,
        read.created,
        images,
        tuple(dict.fromkeys(claim for own in claimed.values() for claim in own)),
        _speakers(claimed),
    )


def _speakers(claims: Mapping[ImageKey, tuple[Claim, ...]]) -> tuple[tuple[ImageKey, tuple[Claim, ...]], ...]:
    """Who says what, where images of one content say different things."""
    if len(claims) < 2 or len({frozenset(own) for own in claims.values()}) == 1:
        return ()
    return tuple(claims.items())


ClaimsByConfig = Mapping[str, tuple[Claim, ...]]
"""What is said of the base of each content, by its config digest."""


def claims_of_image(image: CatalogImage, catalog: Catalog, facts: ImageFacts) -> ClaimsByConfig:
    """What an image says of the bases of its contents."""
    claims: dict[str, tuple[Claim, ...]] = {}
    for config, own in _said_of_members(image, catalog, facts):
        if own:
            claims[config] = (*claims.get(config, ()), *own)
    return claims or _NO_CLAIMS


_NO_CLAIMS: ClaimsByConfig = {}


def _said_of_members(image: CatalogImage, catalog: Catalog, facts: ImageFacts) -> Iterator[tuple[str, tuple[Claim, ...]]]:
    contents = catalog.contents
    top = contents.manifest(image.key.digest)
    is_index = top is not None and top.kind is ManifestKind.INDEX
    outer = configured_claims(image.name, facts.configured)
    if top is not None and is_index:
        outer = (*claims_of(top), *_claims_on(top.digest, catalog, facts), *outer)
    descriptors = {child.digest: child for child in top.children} if top is not None and is_index else {}
    for member in image.members:
        manifest = contents.manifest(member.manifest)
        if manifest is not None and member.config:
            descriptor, config = descriptors.get(member.manifest), contents.config(member.config)
            _claims_on(manifest.digest, catalog, facts)
            yield member.config, (*said_of(manifest, config, facts, descriptor), *outer)


def _claims_on(digest: str, catalog: Catalog, facts: ImageFacts) -> tuple[Claim, ...]:
    """What is said of a manifest from outside."""
    catalog.contents.trace.reads.add(digest)
    return facts.claims.get(digest, ())


def said_of(
    manifest: Manifest, config: ImageConfig | None, facts: ImageFacts, descriptor: Descriptor | None = None
) -> tuple[Claim, ...]:
    """Everything that is said of the base of one manifest: in it, in its config, in its index, and from outside."""
    annotations = descriptor.annotations if descriptor is not None else _NO_ANNOTATIONS
    return (*claims_of(manifest, config, annotations), *facts.claims.get(manifest.digest, ()))


# ---- distributions


def usual_config(image: CatalogImage, catalog: Catalog) -> ImageConfig | None:
    """The config of the platform that most nodes have, else of the first."""
    usual = Platform("linux", "amd64")
    members: Sequence[PlatformMember] = image.members
    if len(members) > 1:
        members = sorted(members, key=lambda member: member.platform != usual)
    configs = (catalog.contents.config(member.config) for member in members)
    return next((config for config in configs if config is not None), None)


def distribution(image: CatalogImage, catalog: Catalog) -> str:
    """What an image is built on in the end, such as `debian 12`; empty when nothing tells."""
    config = usual_config(image, catalog)
    return distro_of(config) if config is not None else ""


def is_distribution(image: CatalogImage, catalog: Catalog) -> bool:
    """Whether an image is a distribution's own on every platform: its history begins one, and adds no layer to it."""
    configs = [catalog.contents.config(member.config) for member in image.members]
    return bool(configs) and all(
        config is not None and len(config.diff_ids) == 1 and bool(distro_hint(config.history, _NO_ANNOTATIONS))
        for config in configs
    )


def is_scratch(image: CatalogImage, claims: ClaimsByConfig) -> bool:
    """Whether something says of every platform of an image that it was built from nothing."""
    claimed = (claims.get(member.config, ()) for member in image.members)
    return bool(image.members) and all(any(claim.scratch for claim in several) for several in claimed)
