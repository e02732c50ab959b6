"""The lineage of a catalog, part by part, round after round: only the parts that something changed about are built again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Set
from typing import TypeVar

from tui.domain.common.memo import Address, Rows, Trace, with_more
from tui.domain.facts.facts import ImageFacts
from tui.domain.facts.image import RepositoryName
from tui.domain.lineage.edges import ClaimParser, ParsedClaim
from tui.domain.lineage.genealogy import ClaimsByConfig, claims_of_image, content_of, hidden_registries
from tui.domain.lineage.graph import Lineage, Surroundings, build
from tui.domain.lineage.layers import Content, families_of
from tui.domain.lineage.parts import Parts
from tui.domain.registries.catalog import Catalog, CatalogImage
from tui.domain.registries.presence import Registries, is_attached_tag
from tui.domain.snapshot.snapshot import BaseLink, ImageKey, UnknownBase

__all__ = ["LineageJoin"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_NOTHING = Lineage()
_NO_CLAIMS: ClaimsByConfig = {}


class LineageJoin:
    """Keeps the lineage. What it gives out is the same, brought up to date: nothing may hold it beyond its round.

    `said` are the images that say something else of their bases since the last round.
    """

    def __init__(self, trace: Trace, catalog: Catalog) -> None:
        self._facts, self._catalog = ImageFacts(), catalog
        self._claims: Rows[ImageKey, ClaimsByConfig] = Rows(trace, self._read_claims)
        self._contents: Rows[str, Content | None] = Rows(trace, self._read_content)
        self._tokens: Rows[str, tuple[Address, ...]] = Rows(trace, self._read_tokens)
        self._built: Rows[int, Lineage] = Rows(trace, self._build)
        self._parts = Parts(self._tokens.get)
        self._around = _Around(trace, catalog)
        self._parser = ClaimParser()
        self.said: set[ImageKey] = set()
        self._merged = _Merged()
        self._hidden: frozenset[str] = frozenset()

    def claims_of(self, key: ImageKey) -> ClaimsByConfig:
        """What an image says of the bases of its contents."""
        return self._claims.get(key)

    @property
    def lineage(self) -> Lineage:
        """The lineage of all parts."""
        return self._merged.lineage

    def join(self, facts: ImageFacts, registries: Registries, changed: Set[Address]) -> Set[Address]:
        """Bring the lineage up to date; what in it is not as before: keys of images and bases, digests of configs."""
        self._facts, self._around.registries = facts, registries
        changed = self._renew_contents(changed)
        hidden = hidden_registries(facts)
        if hidden != self._hidden:
            self._hidden = hidden
            changed = with_more(changed, self._parts.members.keys())
        moved = self._tokens.refresh(changed, self._known(changed), removed := self._gone(changed))
        new, dropped = self._parts.regroup([config for config in moved if config in self._tokens.values], removed)
        others = self._built.refresh(changed, new, dropped)
        return self._merged.replace({part: self._built.values.get(part, _NOTHING) for part in others})

    def _renew_contents(self, changed: Set[Address]) -> Set[Address]:
        """Read again what changed of contents, and of what is said of them; what follows from that for others."""
        images = {address for address in changed if isinstance(address, ImageKey)}
        existing = {key for key in images if key in self._catalog.images}
        self.said = self._claims.refresh(changed, existing, images - existing)
        changed = with_more(with_more(changed, self._around.take(images)), self.said)
        configs = {address for address in changed if isinstance(address, str)}
        present = {config for config in configs if config in self._catalog.by_config}
        before = {config: self._contents.values[config] for config in configs if config in self._contents.values}
        others = self._contents.refresh(changed, present, configs - present)
        contents = {config: (before.get(config), self._contents.values.get(config)) for config in others}
        shared = self._around.settle(contents)
        parts = {self._parts.part_of.get(config) for repository in shared for config in self._configs(repository)}
        return with_more(changed, {*others, *self._around.moved, *(part for part in parts if part is not None)})

    def _configs(self, repository: RepositoryName) -> Iterator[str]:
        """The configs that a repository holds."""
        for holders in self._catalog.holders.get(repository, {}).values():
            for key in holders:
                yield from self._catalog.images[key].configs

    def _known(self, changed: Iterable[Address]) -> list[str]:
        return [address for address in changed if isinstance(address, str) and self._contents.values.get(address) is not None]

    def _gone(self, changed: Iterable[Address]) -> list[str]:
        tokens, contents = self._tokens.values, self._contents.values
        return [
            address for address in changed if isinstance(address, str) and address in tokens and contents.get(address) is None
        ]

    # ---- rows

    def _read_claims(self, key: ImageKey) -> ClaimsByConfig:
        image = self._catalog.image(key)
        return (image is not None and claims_of_image(image, self._catalog, self._facts)) or _NO_CLAIMS

    def _read_content(self, config: str) -> Content | None:
        return content_of(config, self._catalog, self._claims.get)

    def _read_tokens(self, config: str) -> tuple[Address, ...]:
        content = self._contents.get(config)
        if content is None:
            return ()
        first = content.diff_ids[0] if content.diff_ids else ""
        claims = (self._parser.parse(claim) for claim in content.claims if not claim.scratch)
        claimed = dict.fromkeys(token for claim in claims for token in self._claimed(claim))
        return (first, config, *content.images, *claimed)

    def _claimed(self, claim: ParsedClaim) -> Iterator[Address]:
        """What a claim may mean: contents, an image, or a base that is in no registry."""
        name = claim.name
        if claim.digest:
            yield from self._around.aliases.get(claim.digest, (claim.digest,))
            yield ImageKey.of(name, claim.digest) if name is not None else ImageKey("", "", claim.digest)
        elif name is not None:
            yield ImageKey.of(name, "")
            digest = self._around.tags.get((name, claim.tag), "") if claim.tag else ""
            if digest:
                yield ImageKey.of(name, digest)

    def _build(self, part: int) -> Lineage:
        contents = [content for config in self._parts.members[part] if (content := self._contents.get(config)) is not None]
        around = self._around
        surroundings = Surroundings(around.repositories, around.families)
        return build(contents, around.aliases, around.tags, around.names, self._hidden, surroundings)


class _Around:
    """What contents are looked up in, whichever part they are in; what is read is noted."""

    def __init__(self, trace: Trace, catalog: Catalog) -> None:
        self.registries = Registries(ImageFacts(), trace=trace)
        self.families: dict[RepositoryName, RepositoryName] = {}
        self.moved: set[Address] = set()
        self.aliases, self.tags, self.names = _Aliases(catalog), _Tags(self), _Names(trace)
        self.repositories = _Repositories(trace)
        self._catalog = catalog
        self._shared: dict[str, Content] = {}

    def take(self, images: Collection[ImageKey]) -> set[Address]:
        """Take in what these images are called now, and what their digests mean; what is read anew for that."""
        now = {key: self._catalog.images.get(key) for key in images}
        digests = {digest for key, image in now.items() for digest in self.aliases.take(key, image)}
        return {*digests, *(address for key, image in now.items() for address in self.names.take(key, image))}

    def settle(self, contents: Mapping[str, tuple[Content | None, Content | None]]) -> set[RepositoryName]:
        """Take in other contents, as they were and are; the repositories that count as one with others than before."""
        self.moved = {address for before, after in contents.values() for address in self.repositories.take(before, after)}
        for config, (_, content) in contents.items():
            if content is not None and len(content.images) > 1:
                self._shared[config] = content
            else:
                self._shared.pop(config, None)
        if not any(_is_shared(content) for pair in contents.values() for content in pair):
            return set()
        families = families_of(self._shared.values())
        others = set(_differing(self.families, families))
        self.families.clear()
        self.families.update(families)
        return others


def _is_shared(content: Content | None) -> bool:
    return content is not None and len(content.images) > 1


class _Aliases:
    """The configs that a digest of an image, or of one of its platforms, means."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._of_image: dict[ImageKey, tuple[str, ...]] = {}
        self._images: Counter[str] = Counter()

    def get(self, key: str, default: tuple[str, ...], /) -> tuple[str, ...]:
        """The configs, or what is to stand for them when no image has the digest."""
        contents = self._catalog.contents
        contents.trace.reads.add(key)
        if key not in self._images:
            return default
        return tuple(sorted({member.config for member in contents.members(key) or () if member.config}))

    def take(self, key: ImageKey, image: CatalogImage | None) -> Iterator[str]:
        """Take in what an image is now; the digests that nothing had before, or has now."""
        before = self._of_image.pop(key, ())
        after = () if image is None else (key.digest, *(member.manifest for member in image.members if member.config))
        if after:
            # The digests of most images are these: then that table is kept, and no copy of it.
            self._of_image[key] = image.digests if image is not None and image.digests == after else after
        for digest in after:
            if digest not in self._images:
                yield digest
            self._images[digest] += 1
        for digest in before:
            self._images[digest] -= 1
            if not self._images[digest]:
                del self._images[digest]
                yield digest


class _Tags:
    """What tags name now."""

    def __init__(self, around: _Around) -> None:
        self._around = around

    def get(self, key: tuple[RepositoryName, str], default: str, /) -> str:
        """The digest that a tag names."""
        name, tag = key
        if is_attached_tag(tag):
            return default
        presence = self._around.registries.tag(name, tag)
        return presence.digest if presence.digest and not presence.gone else default


class _Names:
    """The tags of images."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._tags: dict[ImageKey, tuple[str, ...]] = {}

    def get(self, key: ImageKey, default: tuple[str, ...], /) -> tuple[str, ...]:
        """The tags of an image."""
        self._trace.reads.add(("tags of", key))
        return self._tags.get(key, default)

    def take(self, key: ImageKey, image: CatalogImage | None) -> Iterator[Address]:
        """Take in the tags of an image; what is read anew when they are others."""
        before, tags = self._tags.get(key), image.tags if image is not None else None
        if tags != before:
            yield "tags of", key
        if tags is None:
            self._tags.pop(key, None)
        else:
            self._tags[key] = tags


class _Repositories:
    """The repositories that hold any content that was read."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._contents: Counter[RepositoryName] = Counter()

    def __contains__(self, name: object) -> bool:
        self._trace.reads.add(("contents of", name))
        return name in self._contents

    def take(self, before: Content | None, after: Content | None) -> Iterator[Address]:
        """Take in what a content is now; what is read anew where a repository holds its first content, or no more any."""
        for key in after.images if after is not None else ():
            name = key.name
            if name not in self._contents:
                yield "contents of", name
            self._contents[name] += 1
        for key in before.images if before is not None else ():
            name = key.name
            self._contents[name] -= 1
            if not self._contents[name]:
                del self._contents[name]
                yield "contents of", name


class _Merged:
    """The lineages of all parts in one."""

    def __init__(self) -> None:
        self._links: dict[ImageKey, BaseLink] = {}
        self._bases: dict[ImageKey, UnknownBase] = {}
        self._derived: dict[ImageKey, tuple[ImageKey, ...]] = {}
        self._roots: set[ImageKey] = set()
        self._parents: dict[str, str] = {}
        self._remarks: dict[ImageKey, tuple[str, ...]] = {}
        self._origins: dict[ImageKey, tuple[str, ...]] = {}
        self._between: set[str] = set()
        self._doubts: dict[str, str] = {}
        self._parts: dict[int, Lineage] = {}
        self.lineage = Lineage(
            self._links,
            self._bases,
            self._derived,
            self._roots,
            self._parents,
            self._remarks,
            self._origins,
            self._between,
            self._doubts,
        )

    def replace(self, parts: Mapping[int, Lineage]) -> set[Address]:
        """Put lineages of parts in the place of what they were; the keys and digests of which something else is known now."""
        before, after = _Merged._of(self._parts.pop(part, _NOTHING) for part in parts), _Merged._of(parts.values())
        self._parts.update((part, lineage) for part, lineage in parts.items() if lineage is not _NOTHING)
        return {
            *_swap(self._links, before._links, after._links),
            *_swap(self._bases, before._bases, after._bases),
            *_swap(self._derived, before._derived, after._derived),
            *_swap(self._parents, before._parents, after._parents),
            *_swap(self._remarks, before._remarks, after._remarks),
            *_swap(self._origins, before._origins, after._origins),
            *_swap(self._doubts, before._doubts, after._doubts),
            *_swap_members(self._roots, before._roots, after._roots),
            *_swap_members(self._between, before._between, after._between),
        }

    @staticmethod
    def _of(lineages: Iterable[Lineage]) -> _Merged:
        merged = _Merged()
        for lineage in lineages:
            merged._links.update(lineage.links)
            merged._bases.update(lineage.bases)
            merged._derived.update(lineage.derived)
            merged._roots.update(lineage.roots)
            merged._parents.update(lineage.parents)
            merged._remarks.update(lineage.remarks)
            merged._origins.update(lineage.origins)
            merged._between.update(lineage.between)
            merged._doubts.update(lineage.doubts)
        return merged


def _differing(before: Mapping[K, V], after: Mapping[K, V]) -> Iterator[K]:
    for key, value in after.items():
        if key not in before or before[key] != value:
            yield key
    yield from before.keys() - after.keys()


def _swap(table: dict[K, V], before: Mapping[K, V], after: Mapping[K, V]) -> set[K]:
    """Take out of a table what was in it and put in what is; the keys that are other ones."""
    changed = set(_differing(before, after))
    for key in changed:
        if key in after:
            table[key] = after[key]
        else:
            del table[key]
    return changed


def _swap_members(table: set[K], before: set[K], after: set[K]) -> set[K]:
    table -= before - after
    table |= after
    return before ^ after
