"""Names and numbers as they are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import Check, CheckName, State, worst
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import DEFAULT_REGISTRY
from tui.domain.snapshot.snapshot import Image, ImageKey, NodeKind, UnknownBase
from tui.presenters.glyphs import ROLE
from tui.presenters.words import plural, short_hex
from widgets.rows import Cell, Span

__all__ = ["base_brief", "briefs", "image_name", "node_name", "repository_name", "source_word", "verdict_word"]


def repository_name(name: RepositoryName | ImageKey) -> str:
    """The repository without its registry; Docker Hub's own images without `library/`."""
    if name.registry == DEFAULT_REGISTRY:
        return name.repository.removeprefix("library/")
    return name.repository


def image_name(image: Image) -> str:
    """Repository and the tag that says most; the digest when there is no tag."""
    tag = image.telling_tag
    return repository_name(image.key) + (f":{tag}" if tag else f"@{short_hex(image.key.digest)}")


def node_name(node: Image | UnknownBase) -> str:
    """What a node of the lineage is called in one line."""
    return image_name(node) if isinstance(node, Image) else node.label


def base_brief(base: UnknownBase) -> str:
    """Why a base is only a name, in a few words."""
    if base.kind is NodeKind.CLAIMED:
        return "only named, not readable"
    return f"{plural(base.layers, 'layer')} in common" if base.repositories > 1 else "base not known"


def source_word(sources: Sequence[SourceId]) -> str:
    """Sources where there is little room: a registry by its kind, others by name; of several the first and how many more."""
    if not sources:
        return ""
    first, *more = sources
    word = str(first.kind) if first.kind is SourceKind.REGISTRY else first.label
    return f"{word} +{len(more)}" if more else word


def briefs(checks: Iterable[Check], dot: str, first_checks: Collection[CheckName] = ()) -> Cell:
    """A few words for each thing that is not fine, worst first, in the colour of the worst; empty when all is fine.

    Those that are `first_checks` for come before all others. Every other span is what stands between two of them.
    """
    flawed = sorted(
        (check for check in checks if check.brief and check.state.severity > 1),
        key=lambda check: (check.name not in first_checks, -check.state.severity),
    )
    if not flawed:
        return ()
    words = dict.fromkeys(check.brief for check in flawed)
    role = ROLE[worst(check.state for check in flawed)]
    return tuple(span for word in words for span in (Span(dot, role), Span(word, role)))[1:]


def verdict_word(state: State) -> str:
    """The badge of a verdict."""
    return {State.PASS: "TRUSTED", State.WARN: "WARNING", State.FAIL: "NOT TRUSTED"}.get(state, "UNKNOWN")
