"""Small contents by name, for the tests of lineage: layers and steps are letters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from tui.domain.facts.image import Claim, HistoryEntry, Platform, RepositoryName
from tui.domain.facts.reference import parse_reference
from tui.domain.lineage.graph import Content, Lineage, build
from tui.domain.snapshot.snapshot import ImageKey

AMD = Platform("linux", "amd64")
ARM = Platform("linux", "arm64")
REGISTRY = "r.io"


def digest(text: str) -> str:
    """A digest made from a word."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def key(name: str, registry: str = REGISTRY) -> ImageKey:
    """The image of that name: `app`, or `app#2` for a second digest in the same repository."""
    return ImageKey(registry, name.partition("#")[0], digest(f"index {name}"))


def content(
    name: str,
    layers: str,
    steps: str | None = None,
    *claims: Claim,
    platform: Platform = AMD,
    images: Iterable[ImageKey] = (),
    registry: str = REGISTRY,
) -> Content:
    """A content whose layers are letters, and its history too (small letters), `-x` standing for a step without a layer.

    The history is that of the layers when it is not given; empty text means that there is none.
    """
    text = layers if steps is None else steps
    history: list[HistoryEntry] = []
    empty = False
    for letter in text:
        if letter == "-":
            empty = True
        else:
            history.append(HistoryEntry(letter, empty))
            empty = False
    suffix = "" if platform == AMD else str(platform)
    held = tuple(images) or (key(name, registry),)
    return Content(
        digest(f"config {name}{suffix}"),
        platform,
        tuple(digest(f"layer {x}{suffix}") for x in layers),
        tuple(history),
        None,
        held,
        claims,
    )


def make(
    *contents: Content,
    tags: Mapping[str, str] | None = None,
    aliases: Mapping[str, tuple[str, ...]] | None = None,
    names: Mapping[ImageKey, tuple[str, ...]] | None = None,
) -> Lineage:
    """The lineage of contents; every image's digest is an alias of its contents, `tags` maps `repo:tag` to a digest."""
    known: dict[str, tuple[str, ...]] = dict(aliases or {})
    for one in contents:
        for image in one.images:
            known[image.digest] = (*known.get(image.digest, ()), one.config)
    now: dict[tuple[RepositoryName, str], str] = {}
    for text, value in (tags or {}).items():
        reference = parse_reference(text)
        now[reference.name, reference.tag] = value
    return build(contents, known, now, names or {})
