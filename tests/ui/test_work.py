"""Work beside the keys whose host goes before it begins leaves nothing behind (warnings are errors)."""

from __future__ import annotations

import gc

from textual.app import App

from tui.ui.work import begin_work


class _Leaving(App[None]):
    begun = False

    def on_mount(self) -> None:
        begin_work(self, self._work, name="work", group="work").cancel()
        self.exit()

    async def _work(self) -> None:
        self.begun = True


async def test_work_that_never_begins_leaves_no_coroutine() -> None:
    app = _Leaving()
    async with app.run_test():
        pass
    gc.collect()
    assert not app.begun
