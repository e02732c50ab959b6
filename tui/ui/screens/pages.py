"""Screens of text: the detail where there is no room beside the tree, the sources, the help, and the question at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.getters import query_one
from textual.screen import ModalScreen, Screen

from tui.presenters.help import Help, SignSet, help_lines
from tui.presenters.sources import source_lines
from tui.presenters.views.activity import ACTIVITY
from tui.presenters.views.spec import ViewSpec
from tui.presenters.views.table import VIEWS
from tui.presenters.words import plural
from tui.ui.host import Host
from tui.ui.keymap import ONWARD, PAGE
from tui.ui.screens.inspector import Inspector
from tui.ui.screens.keys import HELPED, KeyLine, dress, keys_of
from tui.ui.screens.reasons import idle_keys, say_why_not
from widgets.page import Banner, TextPage
from widgets.rows import Span, TextLine

__all__ = ["DetailScreen", "HelpScreen", "QuestionScreen", "QuitScreen", "SourcesScreen", "TextScreen"]


class TextScreen(Screen[None]):
    """A title, lines of text, and keys; the lines follow the snapshot."""

    BINDINGS: ClassVar[list[BindingType]] = PAGE

    DEFAULT_CSS = """
    TextScreen > #title { height: 2; }
    """

    heading: str = ""
    remark: str = ""
    """How it stands, at the end of the title's line."""
    signs: ClassVar[SignSet] = SignSet.NONE
    """The signs that its lines are made of, for the help."""
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
        remark = (Span(f"{self.remark} ", "dim"),) if self.remark else ()
        self.title_line.set_lines([TextLine(brand, remark), TextLine((Span(self.app.glyphs.rule * self.size.width, "line"),))])
        self.page.show(self.lines())

    def lines(self) -> Sequence[TextLine]:
        """What the screen says."""
        raise NotImplementedError

    def on_key(self, event: Key) -> None:
        """A key that can do nothing now says why."""
        say_why_not(self, event)

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

    def action_users(self) -> None:
        """Show what uses it."""
        ...

    def action_log(self) -> None:
        """Show its log."""
        ...

    def action_sources(self) -> None:
        """Show every source."""
        ...

    async def run_action(self, action: str) -> None:
        """Do what one of its keys does."""
        ...

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether there is anything to do."""
        ...


class DetailScreen(TextScreen):
    """The detail of the row under the explorer's cursor."""

    heading = "detail"
    signs = SignSet.VERDICTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right", "tab(1)", "next section", key_display="Tab", id="detail.next"),
        Binding("shift+tab,h,left", "tab(-1)", "section before", show=False, id="detail.before"),
        Binding("w", "why", "why", id="why"),
        Binding("d", "section('overview')", "describe", show=False, id="describe"),
        Binding("y", "section('raw')", "YAML of a workload or pod, manifest of an image", show=False, id="raw"),
        Binding("u", "users", "what uses it", show=False, id="users"),
        Binding("L,l", "log", "log", show=False, id="log"),
        Binding("c", "copy_name", "copy name", id="copy.name"),
        Binding("C", "copy_reference", "copy reference", id="copy.reference"),
        Binding("o", "other", "order", show=False, id="other"),
        Binding("s", "sources", "sources", show=False, id="sources"),
        *ONWARD,
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

    def action_section(self, tab: str) -> None:
        """One section."""
        self._explorer.inspector.choose(tab)
        self.page.show(self.lines(), from_top=True)

    def action_users(self) -> None:
        """What uses it, among the rows."""
        self.dismiss()
        self._explorer.action_users()

    def action_log(self) -> None:
        """The log, as in the explorer."""
        self._explorer.action_log()

    def action_why(self) -> None:
        """Why, as in the explorer."""
        self._explorer.action_why()

    def action_other(self) -> None:
        """Another order of what the section lists."""
        self._explorer.inspector.sort()
        self.page.show(self.lines(), from_top=True)

    def action_sources(self) -> None:
        """The sources, over the detail."""
        self._explorer.action_sources()

    async def action_act(self, action: str) -> None:
        """Plan something for the row."""
        await self._go_on(f"act({action!r})")

    async def action_act_on_found(self, action: str) -> None:
        """Plan something for all that the filter finds."""
        await self._go_on(f"act_on_found({action!r})")

    async def action_view(self, id: str) -> None:
        """The same thing in another view."""
        await self._go_on(f"view({id!r})")

    async def action_history(self, by: int) -> None:
        """Where the operator was before, or forward again."""
        await self._go_on(f"history({by})")

    async def action_rows(self, action: str) -> None:
        """Choose other rows: a filter, a verdict, a check."""
        await self._go_on(action)

    async def _go_on(self, action: str) -> None:
        """Back to the rows, and on from there."""
        self.dismiss()
        await self._explorer.run_action(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is done with the row can be done as beside the tree."""
        match action:
            case "other":
                return self._explorer.inspector.has_orders or None
            case "rows":
                return self._explorer.check_action(str(parameters[0]), ())
            case "why" | "users" | "log" | "copy_name" | "copy_reference" | "act" | "act_on_found" | "history":
                return self._explorer.check_action(action, parameters)
            case _:
                return True

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
    """The keys of a screen, made from its bindings, why some can do nothing now, and what the signs mean."""

    heading = "keys and signs"

    def __init__(self, of: Screen[object]) -> None:
        super().__init__()
        view, signs = getattr(of, "view", None), getattr(of, "signs", SignSet.NONE)
        title = ""
        if isinstance(view, ViewSpec):
            title = f"{view.name}: {view.help.split('  ', 1)[-1].strip()}"
            signs = SignSet.BOARD if view is ACTIVITY else SignSet.ROWS
        besides = HELPED | {f"view.{view.id}" for view in VIEWS}
        keys = [(names, words) for names, words, enabled in keys_of(of, besides=besides) if enabled]
        shown_words = {words for _, words in keys}
        more = [(names, words) for names, words, enabled in keys_of(of, hidden=True) if enabled and words not in shown_words]
        self._help = Help(title, keys, more, idle_keys(of), signs)

    def lines(self) -> Sequence[TextLine]:
        """What works where the help was asked for comes first."""
        return help_lines(self._help, self.app.glyphs, self.size.width)


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
