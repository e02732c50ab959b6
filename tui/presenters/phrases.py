"""Names and numbers as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tui.domain.image import RepositoryName
from tui.domain.reference import DEFAULT_REGISTRY
from tui.domain.snapshot import Image, ImageKey, UnknownBase
from tui.domain.trust import Check, State, worst
from tui.presenters.glyphs import ROLE
from widgets.rows import Cell, Span

__all__ = ["age", "briefs", "clock", "count", "image_name", "node_name", "plural", "repository_name", "short", "size"]

HEX = 12


def count(number: int) -> str:
    """A number with its thousands separated."""
    return f"{number:,}"


def plural(number: int, word: str) -> str:
    """`1 pod`, `2 pods`."""
    return f"{count(number)} {word}{'' if number == 1 else 's'}"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago in one unit (`4s`, `12m`, `7h`, `3d`); a dash when not known."""
    if since is None:
        return "–"
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    if seconds < 7200:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 172800 else f"{seconds // 86400}d"


def clock(moment: datetime) -> str:
    """The time of day, on the clock of the operator."""
    return moment.astimezone().strftime("%H:%M:%S")


def short(digest: str) -> str:
    """The first twelve hex digits of a digest."""
    return digest.rpartition(":")[2][:HEX]


def size(octets: int | None) -> str:
    """A size in MB, empty when not known."""
    if octets is None:
        return ""
    return f"{octets / 1e6:,.0f} MB" if octets >= 10_000_000 else f"{octets / 1e6:.1f} MB"


def repository_name(name: RepositoryName | ImageKey) -> str:
    """The repository without its registry; Docker Hub's own images without `library/`."""
    if name.registry == DEFAULT_REGISTRY:
        return name.repository.removeprefix("library/")
    return name.repository


def image_name(image: Image) -> str:
    """Repository and the tag that says most; the digest when there is no tag."""
    tag = next((tag for tag in image.tags if tag != "latest"), image.tags[0] if image.tags else "")
    return repository_name(image.key) + (f":{tag}" if tag else f"@{short(image.key.digest)}")


def node_name(node: Image | UnknownBase) -> str:
    """What a node of the lineage is called in one line."""
    return image_name(node) if isinstance(node, Image) else node.label


def briefs(checks: Iterable[Check], dot: str) -> Cell:
    """A few words for what is not fine, worst first, in the colour of the worst; empty when all is fine."""
    told = sorted(
        (check for check in checks if check.brief and check.state.severity > 1), key=lambda check: -check.state.severity
    )
    if not told:
        return ()
    words = dict.fromkeys(check.brief for check in told)
    return (Span(dot.join(words), ROLE[worst(check.state for check in told)]),)


def verdict_word(state: State) -> str:
    """The badge of a verdict."""
    return {State.PASS: "TRUSTED", State.WARN: "WARNING", State.FAIL: "NOT TRUSTED"}.get(state, "UNKNOWN")
