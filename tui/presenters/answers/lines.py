"""What a vulnerability that the filter names means for the estate, as lines above the rows that have it."""

from __future__ import annotations

from tui.domain.answers.vulnerability import Exposure
from tui.domain.common.trust import State
from tui.presenters.answers.vulnerability import exposure_parts
from tui.presenters.glyphs import ROLE, Glyphs
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["exposure_lines"]

LABEL = 9


def exposure_lines(name: str, exposure: Exposure, width: int, glyphs: Glyphs) -> list[TextLine]:
    """The answer, wrapped."""
    lines: list[TextLine] = []
    for label, words, state in exposure_parts(name, exposure):
        role = ROLE[state] if state is not State.OFF else "dim"
        sign = glyphs.states[state] if label in ("runs", "unknown") else " "
        first, *continuation = wrap(words, max(20, width - LABEL - 5)) or [""]
        lines.append(TextLine((Span(f" {sign} ", role), Span(f"{label:<{LABEL}}", "dim"), Span(first, _role(label, state)))))
        lines += [TextLine((Span(" " * (LABEL + 3) + part, _role(label, state)),)) for part in continuation]
    return lines


def _role(label: str, state: State) -> str:
    if label == "runs":
        return f"{ROLE[state]} bold"
    return "unknown" if state is State.UNKNOWN else ""
