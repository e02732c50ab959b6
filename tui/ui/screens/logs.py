"""Opens the log of a row: of a run on the board, of a pod or a workload, of the run that built an image."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from tui.errors import TrustreeError
from tui.presenters.keys import subject_of
from tui.ui.screens.acting import Acted, Acting

if TYPE_CHECKING:
    from tui.domain.facts.build import Run
    from tui.presenters.views.spec import ViewSpec

__all__ = ["Logs"]

MOST = 50_000
"""Lines of the log of a run that are shown, the last."""


class Logs:
    """What has a log in a screen, and how it is shown. Nothing is asked for before a key is pressed."""

    def __init__(self, explorer: Acted, acting: Acting) -> None:
        self._explorer, self._acting = explorer, acting

    def can_open(self, view: ViewSpec) -> bool:
        """Whether the row under the cursor has a log."""
        row = self._acting.board_row(view)
        if row is not None:
            return row.run is not None
        key, snapshot = self._explorer.outline.cursor_key, self._explorer.app.snapshot
        if key is None:
            return False
        from tui.presenters.podlogs import build_run, pod_logs  # not before there is a row

        subject = subject_of(key)
        return bool(pod_logs(subject, snapshot)) or build_run(subject, snapshot) is not None

    def open(self, view: ViewSpec, *, unless_inside: bool = False) -> bool:
        """Show the log of the row under the cursor; False where it has none.

        With `unless_inside` also where there is something to unfold, except of pods and workloads: there `l` means logs (k9s).
        """
        app, key = self._explorer.app, self._explorer.outline.cursor_key
        if unless_inside and not self._is_of_pods() and key is not None and self._explorer.outline.model.has_children(key):
            return False
        if self._acting.board_row(view) is not None:
            return self._acting.open_log(view)
        from tui.presenters.podlogs import build_run, pod_logs

        subject = subject_of(key)
        if pods := pod_logs(subject, app.snapshot):
            from tui.ui.screens.podlog import PodLogScreen

            app.push_screen(PodLogScreen(pods))
            return True
        run = build_run(subject, app.snapshot) if not self._is_of_pods() else None
        if run is None:
            return False
        from tui.ui.screens.runlog import RunLogScreen

        app.push_screen(RunLogScreen(f"{run.builder}, run {run.id}", lambda: self._lines_of(run)))
        return True

    def _is_of_pods(self) -> bool:
        subject = subject_of(self._explorer.outline.cursor_key)
        return subject.workload is not None and not subject.is_image_inside

    async def _lines_of(self, run: Run) -> AsyncGenerator[str, None]:
        """The last lines of the log of a run that has ended. Raises TrustreeError."""
        estate = self._explorer.app.estate
        if estate is None:
            raise TrustreeError("The estate is not open any more.", "Start trustree again.")
        for line in await estate.inquiries.run_log(run, MOST):
            yield line
