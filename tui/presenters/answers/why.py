"""Why something has its verdict, on the screen and as Markdown for a ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tui.domain.answers.why.chain import Why, WhyFact
from tui.domain.answers.why.images import why_base, why_image
from tui.domain.answers.why.wide import why_finding, why_place
from tui.domain.answers.why.workloads import why_workload
from tui.domain.common.source_id import sources_text
from tui.domain.common.trust import State
from tui.domain.query.finding import Finding
from tui.domain.snapshot.snapshot import Snapshot
from tui.presenters.answers.markdown import moment
from tui.presenters.glyphs import ROLE, Glyphs
from tui.presenters.keys import RowSubject
from tui.presenters.markdown import code, fenced, inert
from tui.presenters.phrases import source_word, verdict_word
from tui.presenters.words import VERDICTS, age, brief_digests
from widgets.rows import Cell, Span, TextLine
from widgets.text import wrap

__all__ = ["why_commands", "why_lines", "why_markdown", "why_of"]


def why_of(subject: RowSubject, snapshot: Snapshot, finding: Finding | None) -> Why | None:
    """The chain for what a row is about; None where that has no verdict, or is there no more."""
    if finding is not None:
        return why_finding(snapshot, finding)
    if subject.workload is not None and not subject.is_image_inside:
        return why_workload(snapshot, subject.workload, subject.pod.name if subject.pod is not None else "")
    if subject.image is not None:
        return why_image(snapshot, subject.image) or why_base(snapshot, subject.image)
    return why_place(snapshot, subject.cluster, subject.namespace) if subject.cluster else None


# ---- on the screen


def why_lines(why: Why, now: datetime, width: int, glyphs: Glyphs) -> list[TextLine]:
    """The verdict, then each fact with what it means, what would change it, and the commands that show the same."""
    sign, role = glyphs.states[why.verdict], ROLE[why.verdict]
    lines = _texts(brief_digests(why.name), "bold", width, "  ")
    lines += _texts(brief_digests(why.reference), "dim", width, "  ")
    lines += [TextLine(), TextLine((Span("  "), Span(f" {sign} {verdict_word(why.verdict)} ", f"badge-{role}"))), TextLine()]
    for number, fact in enumerate(why.facts, 1):
        lines += [*_fact(number, fact, now, width, glyphs), TextLine()]
    return lines + _texts(why.beside, "dim", width, "  ")


def _fact(number: int, fact: WhyFact, now: datetime, width: int, glyphs: Glyphs) -> Iterator[TextLine]:
    origin = " ".join(part for part in (source_word(fact.sources), age(fact.as_of, now) if fact.as_of else "") if part)
    right: Cell = (Span(f"{origin} ", "dim"),) if origin else ()
    title = wrap(fact.about, max(16, width - len(origin) - 10)) or [""]
    yield TextLine((Span(f"{number:>3} ", "dim"), glyphs.of(fact.state), Span(f" {title[0]}", "bold")), right)
    yield from (TextLine((Span(f"      {part}", "bold"),)) for part in title[1:])
    yield from _texts(brief_digests(fact.sentence), "", width, "      ")
    yield from _texts(fact.means, "dim", width, "      ")
    yield from _texts(brief_digests(fact.step), "accent", width, "      ", glyphs.arrow)
    for command in fact.commands:
        yield from _texts(f"# {command.shows}", "dim", width, "    ")
        yield from _texts(command.line, "", width + 1, "    ", "$ ")  # so that a digest is whole on a line of 80


def _texts(text: str, role: str, width: int, indent: str, mark: str = "") -> list[TextLine]:
    """A text on as many lines as it needs, after a mark on the first."""
    parts = wrap(text, max(16, width - len(indent) - len(mark) - 1)) if text else []
    marks = (mark, *(" " * len(mark) for _ in parts))
    return [TextLine((Span(indent), Span(sign, "dim"), Span(part, role))) for sign, part in zip(marks, parts, strict=False)]


# ---- to be copied


def why_commands(why: Why) -> str:
    """The commands that show the facts, each whole on its line under what it shows, to be pasted into a shell or a script."""
    commands = dict.fromkeys(command for fact in why.facts for command in fact.commands)
    return "".join(f"# {command.shows}\n{command.line}\n" for command in commands)


def why_markdown(why: Why, as_of: datetime) -> str:
    """The chain as Markdown, with whole digests and times on a clock that everybody has."""
    return "\n".join(_document(why, as_of)) + "\n"


def _document(why: Why, as_of: datetime) -> Iterator[str]:
    yield f"## {inert(why.name)}: {verdict_word(why.verdict).lower()}"
    yield ""
    yield f"{code(why.reference)}, as of {moment(as_of)}." if why.reference else f"As of {moment(as_of)}."
    for number, fact in enumerate(why.facts, 1):
        yield ""
        yield from _point(number, fact)
    if why.beside:
        yield from ("", inert(why.beside))


def _point(number: int, fact: WhyFact) -> Iterator[str]:
    state = f" {VERDICTS[fact.state]}" if fact.state is not State.OFF else ""
    yield f"{number}. **{inert(fact.about)}{state}**: {inert(fact.sentence)}{_said(fact)}"
    if fact.means:
        yield f"   - Meaning: {inert(fact.means)}"
    if fact.step:
        yield f"   - Next step: {inert(fact.step)}"
    lines = [line for command in fact.commands for line in (f"# {command.shows}", command.line)]
    if lines:
        yield ""
        yield from fenced("sh", lines, indent="   ")


def _said(fact: WhyFact) -> str:
    parts: Sequence[str] = [sources_text(fact.sources), moment(fact.as_of) if fact.as_of is not None else ""]
    words = ", ".join(part for part in parts if part)
    return f" ({inert(words)})" if words else ""
