"""Screens of text: the detail where there is no room beside the tree, the sources, the help, and the question at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.screen import ModalScreen, Screen

from tui.presenters.sources import source_lines
from tui.presenters.words import plural
from tui.ui.host import Host
from tui.ui.keymap import PAGE
from tui.ui.screens.inspector import Inspector
from tui.ui.screens.keys import KeyLine, dress, keys_of
from widgets.page import Banner, TextPage
from widgets.rows import Span, TextLine
from widgets.text import wrap

__all__ = ["DetailScreen", "HelpScreen", "QuestionScreen", "QuitScreen", "SourcesScreen", "TextScreen"]


class TextScreen(Screen[None]):
    """A title, lines of text, and keys; the lines follow the snapshot."""

    BINDINGS: ClassVar[list[BindingType]] = PAGE

    DEFAULT_CSS = """
    TextScreen > #title { height: 2; }
    """

    heading: str = ""
    title_line = query_one("#title", Banner)
    page = query_one("#page", TextPage)

    if TYPE_CHECKING:
        app: Host

    def compose(self) -> ComposeResult:
        """Title, page, keys."""
        yield Banner(id="title")
        yield TextPage(id="page")
        yield KeyLine(id="keys", classes="keys")

    def on_mount(self) -> None:
        """Follow the snapshot."""
        dress(self, self.app.glyphs)
        self.watch(self.app, "snapshot", self.show_lines, init=False)
        self.set_focus(self.page)

    def on_resize(self) -> None:
        """Wrap anew."""
        self.call_after_refresh(self.show_lines)

    def show_lines(self) -> None:
        """Show the title and the lines as they are now."""
        brand = (Span(" trustree ", "badge-brand"), Span(f"  {self.heading}", "bold"))
        self.title_line.set_lines([TextLine(brand), TextLine((Span(self.app.glyphs.rule * self.size.width, "line"),))])
        self.page.show(self.lines())

    def lines(self) -> Sequence[TextLine]:
        """What the screen says."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()


class Inspected(Protocol):
    """What is asked of the explorer when its detail has the whole screen."""

    @property
    def inspector(self) -> Inspector:
        """What knows the detail."""
        ...

    def action_tab(self, by: int) -> None:
        """Another section."""
        ...

    def action_copy_name(self) -> None:
        """Copy the name."""
        ...

    def action_copy_reference(self) -> None:
        """Copy the reference."""
        ...

    def action_why(self) -> None:
        """Say why the row has its verdict."""
        ...


class DetailScreen(TextScreen):
    """The detail of the row under the explorer's cursor."""

    heading = "detail"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,l,right", "tab(1)", "next section", key_display="Tab", id="detail.next"),
        Binding("shift+tab,h,left", "tab(-1)", "section before", show=False, id="detail.before"),
        Binding("w", "why", "why", id="why"),
        Binding("c", "copy_name", "copy name", id="copy.name"),
        Binding("C", "copy_reference", "copy reference", id="copy.reference"),
    ]

    def __init__(self, explorer: Inspected) -> None:
        super().__init__()
        self._explorer = explorer

    def on_mount(self) -> None:
        """Draw anew what is fetched meanwhile."""
        super().on_mount()
        self._explorer.inspector.show_on(self.show_lines)

    def on_unmount(self) -> None:
        """Fetch no more for it."""
        self._explorer.inspector.show_on(None)

    def lines(self) -> Sequence[TextLine]:
        """As beside the tree."""
        return self._explorer.inspector.lines(self.size.width)

    def action_tab(self, by: int) -> None:
        """Another section."""
        self._explorer.action_tab(by)
        self.page.show(self.lines(), from_top=True)

    def action_why(self) -> None:
        """Why, as in the explorer."""
        self._explorer.action_why()

    @on(Banner.Clicked, "#page")
    def _clicked(self, event: Banner.Clicked) -> None:
        if self._explorer.inspector.click(event.line, event.cell, self.size.width):
            self.page.show(self.lines(), from_top=True)

    def action_copy_name(self) -> None:
        """Copy as in the explorer."""
        self._explorer.action_copy_name()

    def action_copy_reference(self) -> None:
        """Copy as in the explorer."""
        self._explorer.action_copy_reference()


class SourcesScreen(TextScreen):
    """Every source: what it is, what it answers, what it refuses, and what to do."""

    heading = "sources"

    def lines(self) -> Sequence[TextLine]:
        """The sick ones first."""
        return source_lines(self.app.snapshot, self.app.clock(), self.size.width)


class HelpScreen(TextScreen):
    """The keys of a screen, made from its bindings, and what the signs mean."""

    heading = "keys and signs"

    def __init__(self, of: Screen[object]) -> None:
        super().__init__()
        self._keys = keys_of(of, hidden=True)

    def lines(self) -> Sequence[TextLine]:
        """Keys in two columns where there is room, then signs and the query language."""
        entries = [
            (Span(f"  {keys:<22}", "accent"), Span(words, "" if enabled else "dim")) for keys, words, enabled in self._keys
        ]
        lines = [TextLine(entry) for entry in entries]
        if self.size.width >= 100:
            half = (len(entries) + 1) // 2
            lines = [
                TextLine((*left, Span(" " * max(2, 30 - len(left[1].text))), *right)) for left, right in _pairs(entries, half)
            ]
        return [*lines, TextLine(), *self._signs(), TextLine(), *self._queries()]

    def _signs(self) -> list[TextLine]:
        from tui.presenters.glyphs import BAD_FIRST

        words = {
            "fail": "a check fails",
            "unknown": "not known: something is missing or refused; never the same as fine",
            "warn": "worth a look",
            "pass": "every check that the policy asks for passes",
        }
        return [TextLine((Span("  "), self.app.glyphs.of(state), Span(f"  {words[state.value]}", "dim"))) for state in BAD_FIRST]

    def _queries(self) -> list[TextLine]:
        text = (
            "A filter is words that match names, and fields: base:debian ns:prod ctx:weu repo:payments/* digest:sha256:ab "
            "is:running check:identity=fail verdict:unknown age>90d. A minus negates, quotes group."
        )
        return [TextLine((Span(f"  {part}", "dim"),)) for part in wrap(text, self.size.width - 4)]


UNDER_WAY = "Runs go on; the next start resumes them."


class QuestionScreen(ModalScreen[bool]):
    """Asks once; dismissed with whether the answer is yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "answer(True)", "yes", id="question.yes"),
        Binding("escape,n", "answer(False)", "no", id="question.no"),
    ]

    DEFAULT_CSS = """
    QuestionScreen {
        align: center middle;
        & > #question { width: 62; height: 6; padding: 1 2; background: $panel; }
    }
    """

    if TYPE_CHECKING:
        app: Host

    def __init__(self, question: str, remark: str, yes: tuple[str, str], no: str) -> None:
        super().__init__()
        self._question, self._remark, self._yes, self._no = question, remark, yes, no

    def compose(self) -> ComposeResult:
        """The question, a remark, the keys."""
        yield Banner(id="question")

    def on_mount(self) -> None:
        """Ask."""
        key, yes = self._yes
        keys = (Span(key, "accent bold"), Span(f" {yes}    ", "dim"), Span("Esc", "accent bold"), Span(f" {self._no}", "dim"))
        remark = [TextLine((Span(self._remark, "dim"),))] if self._remark else []
        self.query_one(Banner).set_lines([TextLine((Span(self._question),)), *remark, TextLine(), TextLine(keys)])

    def action_answer(self, answer: bool) -> None:
        """Yes or no."""
        self.dismiss(answer)


class QuitScreen(QuestionScreen):
    """Asks once before the program ends."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "answer(True)", "quit", id="quit.yes")]

    def __init__(self, images: int, busy: int) -> None:
        under_way = f"{plural(busy, 'step')} {'is' if busy == 1 else 'are'} under way."
        state = under_way if busy else f"{plural(images, 'image')} {'is' if images == 1 else 'are'} loaded."
        super().__init__(f"Leave trustree? {state}", UNDER_WAY if busy else "", ("q", "quit"), "stay")

    def action_answer(self, answer: bool) -> None:
        """End the program, or stay."""
        if answer:
            self.app.exit(0)
        else:
            self.dismiss(False)


def _pairs(entries: list[tuple[Span, Span]], half: int) -> list[tuple[tuple[Span, Span], tuple[Span, ...]]]:
    right: list[tuple[Span, ...]] = [*entries[half:], ()]
    return list(zip(entries[:half], right, strict=False))
