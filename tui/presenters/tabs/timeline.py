"""What happened to an image, in order of time, and where else its content is."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.answers.dossier import Dossier, MomentKind, dossier
from tui.domain.common.text import capitalized, first_few
from tui.domain.query.risk import RiskKind, Risks
from tui.domain.snapshot.snapshot import Image, ImageKey
from tui.presenters.answers.at_risk import due_words
from tui.presenters.phrases import image_name
from tui.presenters.tabs.lines import wrapped
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.words import age, plural
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["timeline_lines"]

WHEN = 17
MOST = 5
"""Images and nodes that are named before the rest is counted."""


def timeline_lines(image: Image, look: SectionContext) -> Iterator[TextLine]:
    """Its moments, those of which nobody tells, and its copies, what is built on it, and nodes that run it."""
    facts = dossier(look.snapshot, image)
    yield TextLine()
    yield from _risk(image, look)
    yield TextLine((Span(" What happened to it", "dim"),))
    for moment in facts.timeline:
        first, *continuation = wrap(f"{capitalized(moment.words)}.", max(16, look.width - WHEN - 6))
        right = (Span(f"{age(moment.at, look.now)} ", "dim"),)
        yield TextLine((Span(f" {moment.at:%Y-%m-%d %H:%M} ", "dim"), Span(first)), right)
        yield from (TextLine((Span(" " * (WHEN + 1) + part),)) for part in continuation)
    if facts.missing:
        missing = ", ".join(_MISSING[kind] for kind in facts.missing)
        yield from wrapped(f"Not known: {missing}.", "unknown", look.width)
    yield from _elsewhere(facts, look)


def _risk(image: Image, look: SectionContext) -> Iterator[TextLine]:
    """How it could vanish, and when; nothing for what nothing needs, or what is safe."""
    risk = Risks(look.snapshot).of(image) if image.in_use else None
    if risk is not None and risk.kind is not RiskKind.UNKNOWN:
        when = f" From {due_words(risk.due, look.now)} on." if risk.due is not None else ""
        yield from wrapped(f"At risk: {risk.reason}{when}", "fail", look.width)


_MISSING = {
    MomentKind.CREATED: "when it was built",
    MomentKind.BUILT: "which run built it",
    MomentKind.PUSHED: "when it was pushed",
    MomentKind.SIGNED: "when it was signed",
    MomentKind.SCANNED: "when it was scanned",
    MomentKind.TAGGED: "when it was tagged",
    MomentKind.RUNNING: "since when it runs",
    MomentKind.CHANGED: "when it was untagged",
}


def _elsewhere(facts: Dossier, look: SectionContext) -> Iterator[TextLine]:
    if facts.copies:
        yield from wrapped(f"The same content is in {_named(facts.copies, look)}.", "", look.width)
    if facts.derived:
        yield from wrapped(f"{plural(len(facts.derived), 'image')} built on it: {_named(facts.derived, look)}.", "", look.width)
    if facts.nodes:
        names = [f"{node} in {cluster}" for cluster, node in facts.nodes]
        yield from wrapped(f"Nodes that have it: {first_few(names, MOST)}.", "", look.width)


def _named(keys: tuple[ImageKey, ...], look: SectionContext) -> str:
    images = [(key, look.snapshot.images.get(key)) for key in keys]
    names = [str(key.name) if image is None else image_name(image) for key, image in images]
    return first_few(names, MOST)
