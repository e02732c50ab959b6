"""Images out of what registries hold: a manifest and everything that is the same image under another digest.

An index with its platform manifests and their configs is one image; its tags move. Attached artifacts are none, and neither
are platform manifests that only an index names. A platform manifest that two indexes hold belongs to both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tui.domain.common.text import full_stop, short
from tui.domain.facts.image import Locks, ManifestKind, ManifestListing, Platform, RepositoryName, Tag
from tui.domain.registries.contents import Contents, PlatformMember
from tui.domain.registries.presence import Presence, PresenceReader, is_attached_tag
from tui.domain.registries.runnable import IMAGE_CONFIGS
from tui.domain.registries.tags import best_tag
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["Catalog", "CatalogImage", "holders_of", "images_of", "in_order_of_config"]

FIRST_CREDIBLE_YEAR = 2013
"""Images were not built before there were any: builders that reset the clock write 1970, 1980 or the year 1."""
MAX_SAME = 20
"""Other images of the same content that are named."""


class CatalogImage(msgspec.Struct, frozen=True, gc=False):
    """An image that a registry shows or showed: its members are its platforms.

    `absent` says why it is not there any more, empty while it is; `confirmed` is when the registry last confirmed it. `refused`
    says why its own manifest was not read, empty when it was or when nobody tried; `gap` why it is not `complete`, as far as
    that is known. `named_digests` are those of its digests that a tag gives, the top one alone if it has a tag or none has.
    `created` is when its oldest platform was built and `newest` when its newest was, of those whose clock can be believed;
    `undated` says that the clock of another cannot. `changed` and `locks` are what a list of the registry tells of its
    manifest, `tag_rows` of its tags.
    """

    key: ImageKey
    members: tuple[PlatformMember, ...]
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    configs: tuple[str, ...] = ()
    size: int | None = None
    created: datetime | None = None
    newest: datetime | None = None
    undated: bool = False
    pushed: datetime | None = None
    confirmed: datetime | None = None
    absent: str = ""
    complete: bool = True
    gap: str = ""
    refused: str = ""
    named_digests: tuple[str, ...] = ()
    changed: datetime | None = None
    locks: Locks | None = None
    tag_rows: tuple[Tag, ...] = ()

    @property
    def name(self) -> RepositoryName:
        """The repository it lies in."""
        return self.key.name


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Every image, and the ways to find one; where several fit, the one that is shown comes first."""

    contents: Contents
    images: Mapping[ImageKey, CatalogImage] = field(default_factory=dict)
    holders: Mapping[RepositoryName, Mapping[str, tuple[ImageKey, ...]]] = field(default_factory=dict)
    by_config: Mapping[str, tuple[ImageKey, ...]] = field(default_factory=dict)

    def image(self, key: ImageKey) -> CatalogImage | None:
        """The image of a key."""
        self.contents.trace.reads.add(key)
        return self.images.get(key)

    def holding(self, name: RepositoryName, digest: str) -> tuple[ImageKey, ...]:
        """The images of a repository that a digest of an index or manifest belongs to."""
        self.contents.trace.reads.add(name)
        return self.holders.get(name, {}).get(digest, ())

    def of_config(self, config: str) -> tuple[ImageKey, ...]:
        """The images that hold a config."""
        self.contents.trace.reads.add(config)
        return self.by_config.get(config, ())

    def same_content(self, key: ImageKey) -> tuple[ImageKey, ...]:
        """Other images with the same content on some platform, at most `MAX_SAME`."""
        image = self.image(key)
        configs = image.configs if image is not None else ()
        others = {other for config in configs for other in self.of_config(config)[: 2 * MAX_SAME]}
        return tuple(sorted(others - {key})[:MAX_SAME]) if len(others) > 1 else ()


def images_of(name: RepositoryName, registries: PresenceReader, contents: Contents) -> tuple[CatalogImage, ...]:
    """The images of a repository, in the order of their digests. The order of the facts does not matter."""
    return tuple(_Repository(name, registries, contents).images())


class _Repository:
    """The images of one repository."""

    def __init__(self, name: RepositoryName, registries: PresenceReader, contents: Contents) -> None:
        self._name = name
        self._registries = registries
        self._contents = contents
        self._rows = registries.rows(name)
        self._tag_records = registries.facts.tags.get(name, {})
        self._unread = frozenset(registries.unread(name))
        self._digests = {*registries.facts.last_seen.get(name, ()), *self._rows, *self._unread}
        self._tags, self._attached = self._read_tags()
        self._children = self._find_children()

    def images(self) -> Iterator[CatalogImage]:
        for digest in sorted(self._digests):
            if self._is_top(digest):
                yield self._known(digest)

    def _read_tags(self) -> tuple[dict[str, list[str]], set[str]]:
        """The versions that name each digest, and the digests that attached artifacts lie under."""
        tags: defaultdict[str, list[str]] = defaultdict(list)
        attached: set[str] = set()
        for tag in self._tag_records:
            word = self._registries.tag(self._name, tag)
            if is_attached_tag(tag):
                attached.add(word.digest)
            elif word.digest and not word.gone:
                tags[word.digest].append(tag)
        return tags, attached

    def _find_children(self) -> set[str]:
        manifests = map(self._contents.manifest, self._digests)
        indexes = (manifest for manifest in manifests if manifest is not None and manifest.kind is ManifestKind.INDEX)
        return {child.digest for index in indexes for child in index.children}

    def _is_top(self, digest: str) -> bool:
        tagged = digest in self._tags
        if digest in self._children or (digest in self._attached and not tagged):
            return False
        manifest = self._contents.manifest(digest)
        if manifest is None:
            # What a version names is an image until somebody reads that it is none.
            return tagged and (digest in self._unread or _may_be_image(self._rows.get(digest)))
        if manifest.kind is ManifestKind.ARTIFACT or (manifest.subject and not tagged):
            return False
        return manifest.kind is ManifestKind.IMAGE or self._has_platforms(digest)

    def _has_platforms(self, digest: str) -> bool:
        """An index of nothing but artifacts is a list of what is attached."""
        index, manifests = self._contents.manifests[digest], self._contents.manifests
        typed = {child.digest for child in index.children if child.artifact_type and child.platform is None}
        members = self._contents.members(digest) or ()
        return any(member.manifest in manifests or member.manifest not in typed for member in members)

    def _known(self, digest: str) -> CatalogImage:
        members = self._contents.members(digest) or ()
        row = self._rows.get(digest)
        inner = self._contents.indexes(digest)
        digests = tuple(dict.fromkeys((digest, *(member.manifest for member in members), *inner)))
        tags = self._versions(digests)
        word = self._registries.digest(self._name, digest)
        built = self._built(members)
        credible = [moment for moment in built if moment is not None]
        refused = "" if self._contents.manifest(digest) is not None or word.kind is None or word.gone else word.reason
        return CatalogImage(
            key=ImageKey.of(self._name, digest),
            members=members,
            tags=tags,
            digests=digests,
            platforms=self._platforms(members, row),
            configs=_configs_of(members),
            size=self._size(members, row),
            created=min(credible, default=None),
            newest=max(credible, default=None),
            undated=len(credible) < len(built),
            pushed=row.pushed if row is not None else None,
            confirmed=word.answered_at,
            absent=_absence(self._name, word),
            complete=bool(members) and all(self._contents.config(member.config) is not None for member in members),
            gap=next(self._gaps(members), "") or (refused and f"Its manifest could not be: {refused}"),
            refused=refused,
            named_digests=self._named(digests),
            changed=row.updated if row is not None else None,
            locks=row.locks if row is not None else None,
            tag_rows=self._tag_rows(tags, digests),
        )

    def _named(self, digests: tuple[str, ...]) -> tuple[str, ...]:
        top = digests[:1]
        return top if digests[0] in self._tags else tuple(digest for digest in digests if digest in self._tags) or top

    def _gaps(self, members: tuple[PlatformMember, ...]) -> Iterator[str]:
        """Sentences on the platforms that were not read."""
        for member in members:
            if self._contents.config(member.config) is not None:
                continue
            digest = member.manifest if self._contents.manifest(member.manifest) is None else member.config
            word = self._registries.failure(self._name, digest) if digest else None
            name = f"{short(member.manifest)}{f' ({member.platform})' if member.platform is not None else ''}"
            manifest = self._contents.manifest(member.manifest)
            if word is not None:
                yield f"{name}, which it could run, is not known: {full_stop(word.reason)}"
            elif manifest is not None and manifest.kind is ManifestKind.INDEX:
                yield f"{name}, an index, lies too deep or names too much to be read."
            elif manifest is not None and not member.config:
                yield f"{name}, which it could run, has a configuration that is not an image's: it cannot be read."

    def _versions(self, digests: tuple[str, ...]) -> tuple[str, ...]:
        if len(digests) == 1 and len(self._tags.get(digests[0], ())) < 2:
            return tuple(self._tags.get(digests[0], ()))
        tags = sorted({tag for digest in digests for tag in self._tags.get(digest, ())})
        if len(tags) < 2:
            return tuple(tags)
        best = best_tag(tuple(tags))
        return (best, *(tag for tag in tags if tag != best))

    def _tag_rows(self, tags: tuple[str, ...], digests: tuple[str, ...]) -> tuple[Tag, ...]:
        """What lists tell of its tags, where they still name it."""
        rows = [self._tag_records[tag].row for tag in tags]
        return tuple([row for row in sorted(filter(None, rows), key=_tag_of) if row.digest in digests]) if any(rows) else ()

    def _platforms(self, members: tuple[PlatformMember, ...], row: ManifestListing | None) -> tuple[Platform, ...]:
        platforms = {member.platform for member in members if member.platform is not None}
        if not platforms and row is not None and row.os and row.architecture:
            platforms = {Platform(row.os, row.architecture)}
        return tuple(sorted(platforms))

    def _size(self, members: tuple[PlatformMember, ...], row: ManifestListing | None) -> int | None:
        """Bytes to pull for the platform that most nodes have."""
        manifest = self._contents.manifest(_usual(members))
        if manifest is None:
            return row.size if row is not None and not members else None
        return sum(layer.size for layer in manifest.layers) + (manifest.config.size if manifest.config else 0)

    def _built(self, members: tuple[PlatformMember, ...]) -> list[datetime | None]:
        """When the platforms that were read were built; None for a clock that cannot be believed."""
        configs = (self._contents.config(member.config) for member in members)
        built = (config.created for config in configs if config is not None)
        return [moment if moment is not None and moment.year >= FIRST_CREDIBLE_YEAR else None for moment in built]


def _configs_of(members: tuple[PlatformMember, ...]) -> tuple[str, ...]:
    if len(members) == 1:
        return (members[0].config,) if members[0].config else ()
    return tuple(sorted({member.config for member in members if member.config}))


def _tag_of(row: Tag) -> str:
    return row.name


def _usual(members: tuple[PlatformMember, ...]) -> str:
    usual = Platform("linux", "amd64")
    return next((member.manifest for member in members if member.platform == usual), members[0].manifest if members else "")


def _may_be_image(row: ManifestListing | None) -> bool:
    return row is not None and (not row.config_media_type or row.config_media_type in IMAGE_CONFIGS)


def _absence(name: RepositoryName, word: Presence) -> str:
    return f"{name} does not have it any more: it was deleted or purged." if word.gone else ""


def holders_of(images: Iterable[CatalogImage]) -> dict[str, tuple[ImageKey, ...]]:
    """The images of one repository by each digest that belongs to them."""
    holders: dict[str, list[CatalogImage]] = {}
    for image in images:
        for digest in image.digests:
            holders.setdefault(digest, []).append(image)
    return {digest: _in_order(digest, several) for digest, several in holders.items()}


def _in_order(digest: str, several: list[CatalogImage]) -> tuple[ImageKey, ...]:
    if len(several) == 1:
        return (several[0].key,)
    return tuple(image.key for image in sorted(several, key=lambda image: _shown_first(image, digest)))


def _shown_first(image: CatalogImage, digest: str) -> tuple[bool, bool, bool, float, ImageKey]:
    """A digest that is the top of an image means that image; else one that is there, tagged, and new comes first."""
    dated = image.pushed or image.confirmed
    return image.key.digest != digest, bool(image.absent), not image.tags, -dated.timestamp() if dated else 0.0, image.key


def in_order_of_config(images: Iterable[CatalogImage]) -> tuple[ImageKey, ...]:
    """Images that hold one config: those that are there and tagged come first."""
    several = list(images)
    if len(several) > 1:
        several.sort(key=lambda image: (bool(image.absent), not image.tags, image.key))
    return tuple([image.key for image in several])
