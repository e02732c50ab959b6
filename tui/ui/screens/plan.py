"""The plan before it is carried out: its steps, what each does and needs, and the question whether to begin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key, Resize
from textual.getters import query_one
from textual.screen import Screen
from textual.widgets import Input

from tui.domain.common.text import clean
from tui.domain.plans.plan import Plan
from tui.errors import PlanChanged, TrustreeError
from tui.presenters.help import SignSet
from tui.presenters.plan import PlanModel, plan_heading, step_lines
from tui.ui.host import Actions, Host
from tui.ui.screens.keys import KeyLine, dress
from tui.ui.screens.reasons import say_why_not
from tui.ui.work import begin_work
from widgets.page import Banner, TextPage
from widgets.rows import Span, TextLine
from widgets.tree import VirtualTree

__all__ = ["PlanScreen"]

MOST_HEADING = 8


class PlanScreen(Screen[bool]):
    """Steps above, the step under the cursor below; dismissed with whether the plan was begun."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "begin", "carry it out", priority=True, id="plan.begin"),
        Binding("c", "copy_markdown", "copy for a ticket", id="plan.copy"),
        Binding("s", "save", "save as a file", id="plan.save"),
        Binding("tab", "focus_next", "steps or detail", show=False, id="plan.other"),
        Binding("escape,q", "leave", "back", priority=True, id="page.back"),
    ]

    DEFAULT_CSS = """
    PlanScreen {
        & #heading { height: auto; }
        & #rule, & #rule2 { height: 1; }
        & #steps { height: 2fr; }
        & #step { height: 3fr; }
        & #confirm { height: 1; border: none; padding: 0 1; dock: bottom; }
    }
    """

    heading = query_one("#heading", Banner)
    steps = query_one("#steps", VirtualTree)
    page = query_one("#step", TextPage)

    signs: ClassVar[SignSet] = SignSet.PLAN

    if TYPE_CHECKING:
        app: Host

    def __init__(self, plan: Plan, actions: Actions) -> None:
        super().__init__()
        self._plan = plan
        self._actions = actions
        self._protected = tuple(actions.protected(plan))
        self._changes: tuple[str, ...] = ()
        self._is_beginning = False

    def compose(self) -> ComposeResult:
        """What it is for, the steps, one step in full, keys."""
        yield Banner(id="heading")
        yield Banner(id="rule")
        yield VirtualTree(id="steps")
        yield Banner(id="rule2")
        yield TextPage(id="step")
        yield KeyLine(id="keys", classes="keys")

    def on_mount(self) -> None:
        """Show the steps."""
        dress(self, self.app.glyphs)
        self._model = PlanModel(self._plan, self.app.glyphs)
        self.steps.set_model(self._model)
        self.set_focus(self.steps)

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._show_heading(event.size.width, event.size.height)

    def _show_heading(self, width: int, height: int) -> None:
        most = max(3, min(MOST_HEADING + len(self._changes), height // (2 if self._changes else 3)))
        lines = plan_heading(self._plan, width, self.app.glyphs, self._changes, most)
        self.heading.styles.height = len(lines)
        self.heading.set_lines(lines)
        for id in ("#rule", "#rule2"):
            self.query_one(id, Banner).set_lines([TextLine((Span(self.app.glyphs.rule * width, "line"),))])
        self.call_after_refresh(self._show_step)

    @on(VirtualTree.RowHighlighted)
    def _row_highlighted(self) -> None:
        self._show_step()

    def _show_step(self) -> None:
        step = self._model.step(self.steps.cursor_key)
        lines = step_lines(step, self.page.size.width, self.app.glyphs) if step is not None else []
        self.page.show(lines, from_top=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A plan is begun by who may write, and only when something of it can be carried out."""
        if action == "begin":
            return True if self._actions.can_write and self._plan.ready else None
        return True

    def on_key(self, event: Key) -> None:
        """A key that can do nothing now says why."""
        say_why_not(self, event)

    async def action_begin(self) -> None:
        """Begin, once the names of protected contexts are typed."""
        typed = self.query(Input)
        if not self._protected:
            self._start(())
        elif not typed:
            placeholder = f"protected: type {' '.join(map(clean, self._protected))} and press Enter"
            field = Input(placeholder=placeholder, id="confirm", compact=True)
            await self.mount(field)
            self.set_focus(field)
        elif set(typed.first().value.split()) == set(self._protected):
            self._start(self._protected)
        else:
            self.notify(f"That is not {' '.join(self._protected)}: nothing was started.", severity="warning", markup=False)

    def _start(self, confirmed: tuple[str, ...]) -> None:
        """Begin beside the keys, once, and say so: the plan is first held against what is so now, which may take a while."""
        if not self._is_beginning:
            self._is_beginning = True
            self.notify("Beginning: what is so now is held against the plan.", timeout=3)
            begin_work(self, partial(self._begin, confirmed), name="begin", group="begin")

    async def _begin(self, confirmed: tuple[str, ...]) -> None:
        try:
            await self._try_to_begin(confirmed)
        finally:
            self._is_beginning = False

    async def _try_to_begin(self, confirmed: tuple[str, ...]) -> None:
        try:
            await self._actions.begin(self._plan, confirmed)
        except PlanChanged as changed:
            await self._plan_again(changed.differences)
            return
        except TrustreeError as error:
            self.notify(f"{error.headline} {error.remedy}".strip(), severity="error", markup=False, timeout=12)
            return
        self.dismiss(True)

    async def _plan_again(self, changes: tuple[str, ...]) -> None:
        """Show the plan as it is now and what has changed: it is begun by whoever has seen it."""
        try:
            self._plan = await self._actions.plan_again(self._plan)
        except TrustreeError as error:
            self.notify(f"{error.headline} {error.remedy}".strip(), severity="error", markup=False, timeout=12)
            return
        self._changes = changes
        self._protected = tuple(self._actions.protected(self._plan))
        await self.query(Input).remove()
        self._model = PlanModel(self._plan, self.app.glyphs)
        self.steps.set_model(self._model)
        self.set_focus(self.steps)
        self._show_heading(self.size.width, self.size.height)
        self.refresh_bindings()

    def action_copy_markdown(self) -> None:
        """Copy the plan as Markdown."""
        self.app.copy_text(self._actions.markdown(self._plan), "the plan as Markdown", lines=True)

    def action_save(self) -> None:
        """Save the plan, so that somebody else can carry it out."""
        try:
            path = self._actions.save(self._plan)
        except TrustreeError as error:
            self.notify(f"{error.headline} {error.remedy}".strip(), severity="error", markup=False)
        else:
            self.notify(f"Saved as {path}.", timeout=12, markup=False)

    def action_leave(self) -> None:
        """Back: first from the question, then from the plan."""
        if self._is_beginning:
            return  # what begins is not cut off half-way
        typed = self.query(Input)
        if typed:
            typed.remove()
            self.set_focus(self.steps)
        else:
            self.dismiss(False)
