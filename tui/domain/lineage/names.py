"""Under which name the base of an image is shown. Layers prove a content, and the same content may have many names.

A claim that agrees with the layers decides. Without one it is a choice among those that hold the content; and where the image
comes from a registry that holds what could not be read, none of another registry's names is chosen: its own may be hidden.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tui.domain.common.memo import Lookup
from tui.domain.facts.image import Claim, ClaimKind, Platform, RepositoryName
from tui.domain.lineage.claims import BaseEdge
from tui.domain.lineage.edges import ParsedClaim
from tui.domain.lineage.holdings import Holdings
from tui.domain.lineage.layers import Forest, chain_id
from tui.domain.snapshot.snapshot import ImageKey

__all__ = ["BaseCandidate", "Names", "claimed_tags", "is_named"]


class BaseCandidate(NamedTuple):
    """One platform's edge, the images that may be shown for its base, and what is said of it that agrees."""

    platform: Platform
    edge: BaseEdge
    candidates: tuple[ImageKey, ...]
    claims: tuple[ParsedClaim, ...] = ()


def is_named(claim: ParsedClaim, key: ImageKey) -> bool:
    """Whether a claim names the repository of a node."""
    return claim.name is not None and claim.name.registry == key.registry and claim.name.repository == key.repository


def claimed_tags(key: ImageKey, claims: Collection[ParsedClaim]) -> tuple[str, ...] | None:
    """The tags of a base from which claims say that an image was built; None when none names its repository.

    What the operator configured, then what is signed, goes before all else.
    """
    naming = [parsed for parsed in claims if is_named(parsed, key)]
    for kind in (ClaimKind.CONFIGURED, ClaimKind.PROVENANCE_SIGNED):
        naming = [parsed for parsed in naming if parsed.claim.kind is kind] or naming
    return tuple(sorted({parsed.tag for parsed in naming if parsed.tag})) if naming else None


class Names:
    """The names of contents; `claimed` and `nameless` collect the bases that only a claim, or nothing, names: their contents."""

    def __init__(
        self,
        forest: Forest,
        tags: Lookup[tuple[RepositoryName, str], str],
        holdings: Holdings,
        hidden: frozenset[str],
    ) -> None:
        self._forest, self._tags, self._holdings, self._hidden = forest, tags, holdings, hidden
        self._speakers: dict[int, dict[ImageKey, tuple[Claim, ...]]] = {}
        self.claimed: dict[ImageKey, dict[int, None]] = {}
        self.nameless: dict[ImageKey, dict[int, None]] = {}

    def said(self, image: ImageKey, number: int, edge: BaseEdge) -> tuple[ParsedClaim, ...]:
        """What is said of a content's base that agrees: what the image itself says, else what others of its content do."""
        speakers = self._speakers.get(number)
        if speakers is None:
            speakers = self._speakers[number] = dict(self._forest.contents[number].speakers)
        own = speakers.get(image)
        if own is None:
            return edge.agreed
        return tuple(parsed for parsed in edge.agreed if parsed.claim in own) or edge.agreed

    def holders(self, image: ImageKey, edge: BaseEdge, claims: tuple[ParsedClaim, ...]) -> tuple[ImageKey, ...]:
        """The nodes that may be shown for the base content of an edge."""
        images = tuple([key for key in self._forest.contents[edge.target].images if key != image])
        names = [parsed for parsed in claims if parsed.name is not None]
        if names:
            claimed = tuple([key for key in images if any(is_named(parsed, key) for parsed in names)])
            return claimed or (self._claimed(names[0], edge.target),)
        if image.registry in self._hidden and images and all(key.registry != image.registry for key in images):
            return (self._unnamed(images, edge.target),)
        return images

    def _claimed(self, parsed: ParsedClaim, target: int) -> ImageKey:
        """The node of a base that a claim names although only others are known to hold its content."""
        assert parsed.name is not None
        digest = parsed.digest or self._tags.get((parsed.name, parsed.tag), "")
        key = ImageKey.of(parsed.name, digest)
        if key not in self._holdings:
            self.claimed.setdefault(key, {})[target] = None
        return key

    def _unnamed(self, holders: tuple[ImageKey, ...], target: int) -> ImageKey:
        """The node of a content that nothing names; the platforms of one image are one."""
        contents = self._forest.contents
        first = min(self._holdings.numbers(min(holders)), key=lambda number: (contents[number].platform, contents[number].config))
        key = ImageKey("", "", chain_id(contents[first].diff_ids))
        self.nameless.setdefault(key, {})[target] = None
        return key
