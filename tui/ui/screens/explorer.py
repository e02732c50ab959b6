"""The explorer: what each key does, and which can do anything now."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from tui.domain.plans.plan import Action
from tui.presenters.keys import has_verdict
from tui.presenters.running import next_end
from tui.ui.keymap import EXPLORER
from tui.ui.screens.copying import COPIED
from tui.ui.screens.opened import ask_about
from tui.ui.screens.showing import ShowingScreen
from widgets.tree import VirtualTree

__all__ = ["ExplorerScreen"]


class ExplorerScreen(ShowingScreen):
    """The screen that the program begins with."""

    BINDINGS: ClassVar[list[BindingType]] = EXPLORER

    @on(VirtualTree.RowOpened)
    def _row_opened(self, event: VirtualTree.RowOpened) -> None:
        """Go into the detail, and ask for what is not known of the image yet."""
        subject = self.inspector.about(event.key)
        if self._acting.offer_to_resume(self.view, subject):
            return
        narrowed = self.built.model.narrowed_to(subject, self.chosen) if self.built is not None else None
        if narrowed is not None:
            self.go_into(narrowed)
            return
        ask_about(self.app, subject)
        self._show_detail()

    def _show_detail(self) -> None:
        """Go into the detail: beside the rows, or as a screen of its own."""
        if self.detail.display:
            self.set_focus(self.detail)
        else:
            from tui.ui.screens.pages import DetailScreen

            self.app.push_screen(DetailScreen(self))

    def action_check(self) -> None:
        """Only what runs and fails the next of the checks, after the last everything again."""
        from tui.domain.query.refine import asked_check, with_check  # not before somebody filters

        end = next_end(self.header.running, asked_check(self.chosen.query))
        self.narrow(self.chosen._replace(query=with_check(self.chosen.query, end)))

    def action_other(self) -> None:
        """What the view has beside its rows, such as another grouping; else the rows' own order, or another of the section."""
        if self.view.other is not None:
            self.narrow(self.view.other(self.chosen))
        elif not self.outline.in_order and not self.detail.has_focus:
            self.stage.sort()
            self._show_heading()
            self.refresh_bindings()
        else:
            self.inspector.sort()

    def action_tab(self, by: int) -> None:
        """Another section of the detail."""
        self.inspector.turn(by)

    def action_section(self, tab: str) -> None:
        """One section of the detail, wherever the cursor is."""
        self.inspector.choose(tab)
        self._show_detail()

    def action_zoom(self) -> None:
        """The pane that has the focus on the whole width, or both again."""
        self._panes.zoom()
        self._arrange()

    def action_act(self, action: str) -> None:
        """Plan something for what is marked, or for the row under the cursor."""
        self._acting.start(Action(action))

    def action_act_on_found(self, action: str) -> None:
        """Plan something for all that the filter finds."""
        self._acting.start_for_found(Action(action))

    def action_log(self, or_unfold: bool = False) -> None:
        """The log of the row; or unfold it, where it is about neither a pod nor a workload and has something inside."""
        if not self._logs.open(self.view, unless_inside=or_unfold):
            self.outline.action_unfold()

    def action_cancel(self) -> None:
        """Ask for what is being done to end."""
        self._acting.cancel(self.view)

    def action_copy_name(self) -> None:
        """Copy the name of what the row is about."""
        self._copying.copy("copy_name")

    def action_copy_reference(self) -> None:
        """Copy marked rows, the finding or the answer for a ticket; else the image's reference with its digest."""
        self._copying.copy("copy_reference")

    def action_why(self) -> None:
        """Why the row under the cursor has its verdict."""
        from tui.ui.screens.why import WhyScreen

        subject = self.inspector.subject
        narrowed = self.built.model.narrowed_to(subject, self.chosen) if self.built is not None else None
        self.app.push_screen(WhyScreen(subject, narrowed.finding if narrowed is not None else None))

    def action_export(self, name: str = "") -> None:
        """Write the unfolded rows into a file: Markdown, CSV or text, by how its name ends."""
        from tui.ui.screens.exporting import begin_export  # not before somebody exports

        self.shown_rows.once_there(partial(begin_export, self, name), "The rows are written once they are those of the filter.")

    def action_sources(self) -> None:
        """Every source in full."""
        from tui.ui.screens.pages import SourcesScreen

        self.app.push_screen(SourcesScreen())

    def action_back(self) -> None:
        """One step back: from a plan that is being made, out of the detail, out of the zoom, out of the filter."""
        if self._acting.forgo_plan():
            return
        is_inside = self.detail.has_focus
        if self._panes.back() or is_inside:
            self._arrange()
            if is_inside:
                self.set_focus(self.outline)
        else:
            self.widen()

    def action_leave(self) -> None:
        """Back from the detail; at the root ask before the program ends."""
        if self.detail.has_focus:
            self.action_back()
            return
        from tui.ui.screens.pages import QuitScreen

        self.app.push_screen(QuitScreen(len(self.app.snapshot.images), self.app.board.busy))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim the keys that cannot do anything now."""
        match action:
            case _ if action in COPIED:
                return self._copying.can(action) or None
            case "section" | "users" | "export":
                return self.outline.cursor_key is not None or None
            case "last_place":
                return bool(self.history.to_last()) or None
            case "history":
                return self.history.can_step(int(str(parameters[0]))) or None
            case "faults":
                return True if self.app.snapshot.images or self.app.snapshot.workloads or self.chosen.words else None
            case "why":
                return has_verdict(self.inspector.subject, self.app.snapshot) or None
            case "verdict":
                return bool(self.app.snapshot.images) or None
            case "check":
                return bool(self.header.running.images) or None
            case "other":
                return (self.view.other is not None or not self.outline.in_order or self.inspector.has_orders) or None
            case "act":
                return self._acting.can_act() or None
            case "act_on_found":
                return self._acting.can_act_on_found() or None
            case "log":
                return bool(parameters) or self._logs.can_open(self.view) or None
            case "cancel":
                return bool(self._acting.chosen_rows(self.view)) or None
            case "zoom":
                return not self.empty or None
            case _:
                return True
