"""Files that keys write: the rows of the view, a picture of the screen; for their owner alone, never over another file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from tui.errors import UsageError
from tui.presenters.exporting import Exported, exported, format_of
from tui.presenters.views.spec import ViewSpec
from tui.presenters.words import plural
from tui.private_files import make_private, open_private
from tui.ui.host import Explorer, Host
from tui.ui.work import begin_work

__all__ = ["begin_export", "save_picture"]


class _Exported(Explorer, Protocol):
    """The explorer as exporting sees it."""

    @property
    def view(self) -> ViewSpec:
        """The view shown."""
        ...


def begin_export(explorer: _Exported, name: str) -> None:
    """Write the unfolded rows of a view, called as they are narrowed now."""
    title = " ".join(part for part in (explorer.view.name, explorer.chosen.words) if part)
    app, tree, built = explorer.app, explorer.outline, explorer.built
    rows, answer = (tree.model, tuple(tree.keys)), built.answer if built is not None else None
    page = partial(exported, title, app.clock(), answer, rows, app.glyphs)
    begin_work(explorer, partial(_export_rows, app, page, len(rows[1]), name), name="export", group="export")


async def _export_rows(app: Host, page: Callable[[], Exported], number: int, name: str) -> None:
    """Write so many rows into a file; without a name under one of our own, as Markdown."""
    file = _file(app, name, "rows", ".md")
    if file is None:
        return
    if await _written(app, file, lambda: format_of(file.name)(page()), beneath_ours=not name):
        app.notify(f"Wrote {plural(number, 'row')} to {file}.", timeout=12, markup=False)


async def save_picture(app: Host) -> None:
    """Write what the screen shows as an SVG picture."""
    file = _file(app, "", "screen", ".svg")
    if file is None:
        return
    picture = app.export_screenshot(title="trustree")
    if await _written(app, file, lambda: picture, beneath_ours=True):
        app.notify(f"Wrote a picture of the screen to {file}.", timeout=12, markup=False)


def _file(app: Host, name: str, subject: str, suffix: str) -> Path | None:
    if name:
        return Path(name).expanduser()
    if app.exports is None:
        app.notify("There is no directory to write to: `:export FILE` names a file.", severity="warning", markup=False)
        return None
    return app.exports / f"trustree-{subject}-{app.clock():%Y%m%d-%H%M%S-%f}{suffix}"


async def _written(app: Host, file: Path, text: Callable[[], str], *, beneath_ours: bool) -> bool:
    try:
        await asyncio.to_thread(_write, file, text, beneath_ours)
    except UsageError as error:
        app.notify(f"{error.headline} {error.remedy}", severity="error", markup=False, timeout=12)
        return False
    return True


def _write(file: Path, text: Callable[[], str], beneath_ours: bool) -> None:
    """In a thread. Raises UsageError."""
    content = text().encode(errors="replace")
    try:
        if beneath_ours:
            make_private(file.parent)
        with open(open_private(str(file), os.O_WRONLY | os.O_EXCL), "wb") as opened:
            opened.write(content)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already: nothing was written over it.", "Name another file.") from error
    except OSError as error:
        reason = error.strerror or "the system refuses it"
        raise UsageError(f"{file} cannot be written: {reason}.", "Name another file: `:export FILE`.") from error
