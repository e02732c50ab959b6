"""Content identity: which platform config digests an index, a manifest or a config means.

Tags, repositories, manifests and indexes are names of contents; two digests are the same image on a platform when they lead
to the same config there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

import msgspec

from tui.domain.common.memo import Address, Trace
from tui.domain.facts.image import ImageConfig, Manifest, ManifestKind, Platform
from tui.domain.registries.runnable import could_run

__all__ = ["Contents", "PlatformMember"]

MAX_DEPTH = 3  # indexes in indexes that are followed
MAX_MEMBERS = 256
"""Platforms of one image that are looked at; indexes in indexes can name more of them than anybody could hold."""
# What containerd's default platform matcher takes first (containerd/platforms, compare.go: platformVector); the least
# demanding variant is what every node of the architecture can run.
_VARIANTS = {"arm64": ("v8", ""), "arm": ("v7", "v6", "v5", ""), "amd64": ("", "v1", "v2", "v3", "v4")}


class PlatformMember(msgspec.Struct, frozen=True, gc=False):
    """One platform of an image: its manifest and config.

    `config` is empty when the manifest was not read, `platform` None when nothing that was read tells it.
    """

    manifest: str
    config: str
    platform: Platform | None = None


class Contents:
    """Resolves digests to contents; what was resolved is kept, and made anew only when something comes that was missing."""

    def __init__(self, manifests: Mapping[str, Manifest], configs: Mapping[str, ImageConfig], trace: Trace | None = None) -> None:
        self.manifests = manifests
        self.configs = configs
        self.trace = trace if trace is not None else Trace()
        self._members: dict[str, tuple[PlatformMember, ...] | None] = {}
        self._missing: dict[str, tuple[Address, ...]] = {}

    def renew(self, manifests: Mapping[str, Manifest], configs: Mapping[str, ImageConfig], changed: Set[Address]) -> None:
        """Resolve by more contents; what has come is among what changed."""
        self.manifests, self.configs = manifests, configs
        for digest in [digest for digest, missing in self._missing.items() if not changed.isdisjoint(missing)]:
            del self._members[digest], self._missing[digest]

    def manifest(self, digest: str) -> Manifest | None:
        """A manifest, if it was read."""
        manifest = self.manifests.get(digest)
        if manifest is None:
            self.trace.reads.add(digest)
        return manifest

    def config(self, digest: str) -> ImageConfig | None:
        """A config, if it was read."""
        config = self.configs.get(digest)
        if config is None:
            self.trace.reads.add(digest)
        return config

    def members(self, digest: str) -> tuple[PlatformMember, ...] | None:
        """The platforms of an index or manifest, also those that were not read; None when it was not read itself."""
        if digest not in self._members:
            self._members[digest], missing = self.trace.following(self._find_whole, digest)
            if missing:
                self._missing[digest] = tuple(missing)
        if digest in self._missing:
            self.trace.reads.update(self._missing[digest])
        return self._members[digest]

    def indexes(self, digest: str, depth: int = MAX_DEPTH) -> tuple[str, ...]:
        """The indexes that lie in an index, as far as they are followed."""
        manifest = self.manifest(digest)
        if manifest is None or manifest.kind is not ManifestKind.INDEX or depth < 1:
            return ()
        inner = dict.fromkeys(child.digest for child in manifest.children[:MAX_MEMBERS] if self._is_index(child.digest))
        below = (index for outer in inner for index in self.indexes(outer, depth - 1))
        return tuple(dict.fromkeys((*inner, *below)))[:MAX_MEMBERS]

    def _is_index(self, digest: str) -> bool:
        manifest = self.manifest(digest)
        return manifest is not None and manifest.kind is ManifestKind.INDEX

    def on(self, digest: str, platform: Platform | None) -> frozenset[str] | None:
        """The configs that a digest means on a platform: empty when it has none for it, None when that is not known.

        Without a platform those of all platforms.
        """
        if digest in self.configs:
            return frozenset((digest,))
        self.trace.reads.add(digest)
        members = self.members(digest)
        if members is None:
            return None
        if platform is None or self._is_single(digest):
            return _whole(members)
        return _fitting(members, platform)

    def _is_single(self, digest: str) -> bool:
        # A manifest that is no index runs wherever it is told to, whatever its config says.
        manifest = self.manifest(digest)
        return manifest is not None and manifest.kind is not ManifestKind.INDEX

    def _find_whole(self, digest: str) -> tuple[PlatformMember, ...] | None:
        return self._find(digest, None, MAX_DEPTH)

    def _find(self, digest: str, platform: Platform | None, depth: int) -> tuple[PlatformMember, ...] | None:
        manifest = self.manifest(digest)
        if manifest is None:
            return None
        match manifest.kind:
            case ManifestKind.INDEX:
                # What lies deeper than is followed is not known: it is a platform that was not read, never none.
                return self._flatten(manifest, depth - 1) if depth > 0 else (PlatformMember(digest, ""),)
            case ManifestKind.IMAGE if manifest.config is not None:
                config = self.config(manifest.config.digest)
                own = config.platform if config is not None else None
                return (PlatformMember(digest, manifest.config.digest, platform or own),)
            case _:
                return (PlatformMember(digest, "", platform),) if could_run(manifest) else ()

    def _flatten(self, index: Manifest, depth: int) -> tuple[PlatformMember, ...]:
        members: dict[PlatformMember, None] = {}
        for digest, platform in dict.fromkeys((child.digest, child.platform) for child in index.children):
            part = self._find(digest, platform, depth)
            members.update(dict.fromkeys(part if part is not None else (PlatformMember(digest, "", platform),)))
            if len(members) > MAX_MEMBERS:  # what is left out is a platform that was not read
                return (*list(members)[:MAX_MEMBERS], PlatformMember(index.digest, ""))
        return tuple(members)


def _fitting(members: tuple[PlatformMember, ...], platform: Platform) -> frozenset[str] | None:
    fits = list(_matching(members, platform))
    if not fits:
        return None if any(member.platform is None for member in members) else frozenset()
    if platform.variant:
        exact = [member for member in fits if member.platform is not None and member.platform.variant == platform.variant]
        fits = exact or fits
    return _whole((min(fits, key=_variant_rank),))


def _whole(members: tuple[PlatformMember, ...]) -> frozenset[str] | None:
    configs = frozenset(member.config for member in members)
    return None if "" in configs else configs


def _matching(members: tuple[PlatformMember, ...], platform: Platform) -> Iterator[PlatformMember]:
    for member in members:
        own = member.platform
        if own is not None and (own.os, own.architecture) == (platform.os, platform.architecture):
            yield member


def _variant_rank(member: PlatformMember) -> tuple[int, str]:
    platform = member.platform
    if platform is None:
        return 99, ""
    order = _VARIANTS.get(platform.architecture, ("",))
    return (order.index(platform.variant) if platform.variant in order else len(order)), platform.variant
