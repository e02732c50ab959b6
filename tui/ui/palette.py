"""The prompt behind `:` and Ctrl+P: what is typed is looked for in a thread, and Enter takes the first, or what is chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, assert_never

from textual.app import ComposeResult
from textual.getters import query_one
from textual.screen import ModalScreen, Screen

from tui.presenters.commands import Ask, CommandOffer, CommandRequest, GoOn, Jump, Run, Target, offers
from tui.presenters.glyphs import ASCII
from tui.ui.host import Host
from tui.ui.screens.navigable import NavigableScreen
from tui.ui.screens.pages import TextScreen
from tui.ui.work import begin_work
from widgets.choices import Choice
from widgets.prompt import FilterBar
from widgets.rows import Span

__all__ = ["CommandScreen"]


class CommandScreen(ModalScreen[None]):
    """A line to type in, over the screen that it was opened on."""

    DEFAULT_CSS = """
    CommandScreen { layers: default above; }
    """

    bar = query_one("#command", FilterBar)

    if TYPE_CHECKING:
        app: Host

    def __init__(self, beneath: Screen[object], text: str = "") -> None:
        super().__init__()
        self._beneath, self._text = beneath, text
        self._typed: str | None = None
        self._offers: tuple[str, Sequence[CommandOffer]] = ("", ())
        self._busy = False

    def compose(self) -> ComposeResult:
        """The prompt."""
        yield FilterBar(self._text, sign=":", takes_first=True, id="command")

    def on_mount(self) -> None:
        """Draw as the rest."""
        self.bar.list.ascii = self.app.glyphs is ASCII

    # ---- what is offered

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Nothing follows what is typed but the list."""
        event.stop()

    def on_filter_bar_asked(self, event: FilterBar.Asked) -> None:
        """Look for what is typed; what was looked for before is given up."""
        event.stop()
        self._typed = event.text
        if not self._busy:
            self._busy = True
            begin_work(self, self._serve, name="commands", group="commands")

    async def _serve(self) -> None:
        try:
            while (text := self._typed) is not None:
                self._typed = None
                self._show(text, await self._find(text))
        finally:
            self._busy = False

    def _show(self, text: str, offered: Sequence[CommandOffer]) -> None:
        if self._typed is None and self.is_mounted:
            self.bar.post_message(FilterBar.Offered(text, [_choice(offer) for offer in offered]))

    async def _find(self, text: str) -> Sequence[CommandOffer]:
        """What is offered for a text, while nothing else is typed."""
        offered = await asyncio.to_thread(self._look, text)
        self._offers = (text, offered)
        return offered

    def _look(self, text: str) -> Sequence[CommandOffer]:
        """In a thread."""
        app = self.app
        names = app.indexes.commands_of(app.snapshot)
        request = CommandRequest(text, names, app.queries.saved, app.clock(), self._can_run, lambda: self._typed in (None, text))
        in_explorer = isinstance(self._beneath, NavigableScreen | TextScreen)
        return [offer for offer in offers(request) if in_explorer or isinstance(offer.target, Run)]

    def _can_run(self, action: str) -> bool:
        return self._owner(action) is not None

    def _owner(self, action: str) -> Screen[object] | Host | None:
        name = f"action_{action.partition('(')[0]}"
        return next((owner for owner in (self._beneath, self.app) if hasattr(owner, name)), None)

    # ---- what is taken

    async def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Do what is chosen, or the first."""
        event.stop()
        text, offered = self._offers
        if event.chosen is None and text != event.text:
            offered = await self._find(event.text)
        if not offered:
            self.bar.show_fault(0, "Nothing has that name.", "Type a view, a verb, a query or a few letters of a name.")
            return
        self._take(offered[event.chosen or 0].target)

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Back."""
        event.stop()
        self.dismiss(None)

    def _take(self, target: Target) -> None:
        if isinstance(target, GoOn):
            self.bar.type(target.text)
            return
        self.dismiss(None)
        match target:
            case Run():
                owner = self._owner(target.action)
                if owner is not None:
                    owner.call_next(partial(owner.run_action, target.action))
            case Ask():
                self._explorer().show_query(target.query, target.view)
            case Jump():
                self._explorer().jump(target.subject, target.view)
            case _:
                assert_never(target)

    def _explorer(self) -> NavigableScreen:
        """The explorer, with nothing above it but this prompt, which is about to go."""
        explorer = self.app.screen_stack[0]
        assert isinstance(explorer, NavigableScreen)
        for screen in self.app.screen_stack[1:]:
            if isinstance(screen, TextScreen):
                screen.dismiss(None)
        return explorer


def _choice(offer: CommandOffer) -> Choice:
    text = offer.target.text if isinstance(offer.target, GoOn) else offer.title
    return Choice(text, len(text), (Span(offer.title),), offer.note, isinstance(offer.target, GoOn))
