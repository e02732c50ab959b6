"""Each step of a pull that fails, with what proves it or why it is not known."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.answers.pulls import grant_for
from tui.domain.common.text import capitalized
from tui.domain.snapshot.snapshot import Container
from tui.presenters.answers.pulls import grant_words
from tui.presenters.tabs.spec import SectionContext
from tui.presenters.words import brief_digests
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["pull_lines"]

STEP = 9
INDENT = 4


def pull_lines(container: Container, look: SectionContext) -> Iterator[TextLine]:
    """The steps of the pull of a container that cannot get its image, and whom to ask for what; nothing for any other."""
    if container.pull is None:
        return
    for mark in container.pull.marks:
        first, *continuation = wrap(brief_digests(mark.reason), max(16, look.width - INDENT - STEP - 4))
        lead = (Span(" " * INDENT), look.glyphs.of(mark.state), Span(f" {mark.step.value:<{STEP}}", "dim"))
        yield TextLine((*lead, Span(first)))
        yield from (TextLine((Span(" " * (INDENT + STEP + 2) + part),)) for part in continuation)
    grant = grant_for(look.snapshot, container)
    if grant is not None:
        words = grant_words(grant)
        for number, part in enumerate(wrap(capitalized(words), max(16, look.width - INDENT - 3))):
            yield TextLine((Span(" " * INDENT), Span(look.glyphs.arrow if number == 0 else "  ", "accent"), Span(part)))
