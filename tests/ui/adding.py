"""A view and a tab as modules of their own would hold them, added to the program by their rows alone, and driven.

This is a program and no test, as the rows must be in the tables before anything that reads them is imported.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from tui.domain.facts.build import Run
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inquiries import Inquiries
from tui.domain.snapshot.snapshot import Snapshot
from tui.errors import Forbidden
from tui.presenters.keys import RowSubject
from tui.presenters.tabs import table as tabs
from tui.presenters.tabs.lines import remark
from tui.presenters.tabs.spec import Drawing, Inquiry, SectionContext, TabSpec
from tui.presenters.views import table as views
from tui.presenters.views.spec import Filter, RowsContext, ViewSpec
from widgets.rows import Column, Row, RowKey, Span, TextLine

# ---- a view: presenters/views/hosts.py


class HostPart(NamedTuple):
    """A registry in a row key."""

    host: str


class HostModel:
    """One row for each registry that images are in."""

    def __init__(self, rows: RowsContext) -> None:
        self.snapshot = rows.snapshot
        self._images = [key for key in rows.snapshot.images if rows.shown.image(key)]
        self.images_shown = len(self._images)
        self._hosts = sorted({key.registry for key in self._images})

    def columns(self) -> Sequence[Column]:
        """A name, and how many images."""
        return (Column("registry"), Column("imgs", 5, right=True))

    def roots(self) -> Sequence[RowKey]:
        """Every registry."""
        return [(HostPart(host),) for host in self._hosts]

    def children(self, key: RowKey) -> Sequence[RowKey]:
        """Its images."""
        return [(*key, image) for image in self._images if (HostPart(image.registry),) == key]

    def has_children(self, key: RowKey) -> bool:
        """Whether it has any."""
        return bool(self.children(key))

    def row(self, key: RowKey) -> Row:
        """The cells."""
        return Row(Span("·"), ((Span(str(getattr(key[-1], "host", "image"))),), (Span(str(len(self.children(key)))),)))

    def identity(self, key: RowKey) -> RowKey:
        """The last part."""
        return key[-1:]

    def find(self, identity: RowKey) -> RowKey | None:
        """Where it is."""
        return identity if identity in self.roots() else None

    def is_hit(self, key: RowKey) -> bool:
        """Every row."""
        return True

    def urgency(self, key: RowKey) -> int:
        """None."""
        return 0

    def matches(self) -> list[RowKey]:
        """Every registry."""
        return list(self.roots())

    def detail(self, subject: RowSubject, context: SectionContext) -> Sequence[TextLine] | None:
        """A registry is told of here, its images by the tabs."""
        hosts = [part.host for part in subject.view_parts if isinstance(part, HostPart)]
        return [remark(f"The registry {hosts[0]}")] if hosts and subject.image is None else None

    def narrowed_to(self, subject: RowSubject, chosen: Filter) -> Filter | None:
        """Enter leads into the detail."""
        return None


def place(subject: RowSubject, snapshot: Snapshot) -> RowKey | None:
    """The registry of an image."""
    return (HostPart(subject.image.registry),) if subject.image is not None else None


KEY = str(len(views.VIEWS) + 1)
REGISTRIES = ViewSpec(
    KEY,
    "hosts",
    "Hosts",
    ":acr  what registries hold",
    build=HostModel,
    places=place,
    counter=lambda: lambda snapshot: len({key.registry for key in snapshot.images}),
)

# ---- a tab: presenters/tabs/license.py


def license_lines(subject: RowSubject, context: SectionContext) -> Sequence[TextLine]:
    """What is known at once."""
    return [remark("Its license is in its manifest.")]


def license_inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    """The manifest of the image of a row."""
    image = snapshot.images.get(subject.image) if subject.image else None
    if image is None:
        return None
    name, digest = image.name, image.key.digest

    async def ask(inquiries: Inquiries) -> Drawing:
        body = await inquiries.manifest(name, digest)
        return lambda context: [remark(f"License {body.decode()} in {context.width} cells")]

    return Inquiry(image.key, "the license", ask)


LICENSE = TabSpec("license", "License", license_lines, license_inquiry, orders=("name", "age"))

# ---- the rows

views.VIEWS = (*views.VIEWS, REGISTRIES)
tabs.TABS = (*tabs.TABS, LICENSE)

# ---- the program, driven

from textual.pilot import Pilot  # noqa: E402 - after the rows, as in the tables themselves

from tests.estates import AskNoCluster, company  # noqa: E402
from tests.ui.driving import explorer, text_of, until  # noqa: E402
from tui.presenters.commands import commands  # noqa: E402
from tui.ui.screens.explorer import ExplorerScreen  # noqa: E402
from tui.ui.screens.pages import DetailScreen, HelpScreen  # noqa: E402


class SlowInquiries(AskNoCluster):
    """Answers when told to, and knows who waits."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Event] = {}
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.refuse = False

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """An answer once it is let go."""
        self.asked.append(name.repository)
        self.waiting[name.repository] = asyncio.Event()
        try:
            await self.waiting[name.repository].wait()
        except asyncio.CancelledError:
            self.cancelled.append(name.repository)
            raise
        if self.refuse:
            raise Forbidden("The registry refuses the manifest.", "Ask for AcrPull.")
        return b"MIT"

    async def configuration(self, name: RepositoryName, digest: str) -> bytes:
        """The same."""
        return await self.manifest(name, digest)

    async def run_log(self, run: Run, most: int) -> tuple[str, ...]:
        """Nobody asks for one here."""
        raise AssertionError


@asynccontextmanager
async def opened(size: tuple[int, int] = (160, 48)):  # type: ignore[no-untyped-def]
    """The explorer, on an estate with slow answers."""
    async with explorer(company(), size) as (pilot, screen, estate):
        estate.inquiries = answers = SlowInquiries()
        yield pilot, screen, answers


async def drive_view() -> None:
    """Key, header, help and palette know the view, and the selection is carried into it."""
    async with opened() as (pilot, screen, _):
        hosts = len({key.registry for key in screen.app.snapshot.images})
        await until(pilot, lambda: f"{KEY} Hosts {hosts}" in text_of(screen), "name and count in the header")
        await pilot.press("j", "j", KEY)
        await until(pilot, lambda: isinstance(screen.outline.model, HostModel))
        await until(pilot, lambda: screen.outline.cursor_key == (HostPart("contoso.azurecr.io"),), "the same thing")
        await until(pilot, lambda: "The registry contoso.azurecr.io" in screen.detail.text)
        assert screen.view is REGISTRIES
        offered = {command.title: command.help for command in commands()}
        assert offered["hosts"] == ":acr  what registries hold"
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(screen.app.screen, HelpScreen))
        page = screen.app.screen
        assert isinstance(page, HelpScreen)
        await until(pilot, lambda: re.search(rf"(?m)(?:^|\s){KEY} +Hosts\b", page.page.text) is not None)
        await pilot.press("escape", "1")
        await until(pilot, lambda: screen.view is views.VIEWS[0])


async def turn_to_license(pilot: Pilot[int], screen: ExplorerScreen) -> None:
    """The last tab; the cursor on an image."""
    await pilot.press("j", "shift+tab")
    await until(pilot, lambda: screen.inspector.tab is LICENSE)


async def drive_tab() -> None:
    """What it must fetch is asked once, shown when it comes, and asked for no longer when it is left."""
    async with opened() as (pilot, screen, answers):
        await turn_to_license(pilot, screen)
        await until(pilot, lambda: len(answers.asked) == 1)
        (first,) = answers.asked
        assert "License" in screen.detail.text.splitlines()[0]
        assert "Its license is in its manifest." in screen.detail.text
        assert "Reading the license" in screen.detail.text
        await pilot.press("j")
        await until(pilot, lambda: len(answers.asked) == 2 and answers.cancelled == [first], "the row was left")
        await pilot.press("tab")
        await until(pilot, lambda: answers.cancelled == answers.asked, "the tab was left")
        await pilot.press("shift+tab")
        await until(pilot, lambda: len(answers.asked) == 3)
        answers.waiting[answers.asked[-1]].set()
        await until(pilot, lambda: "License MIT in" in screen.detail.text)
        await pilot.press("tab", "shift+tab")
        assert "License MIT in" in screen.detail.text
        assert len(answers.asked) == 3
        answers.refuse = True
        await pilot.press("k")
        await until(pilot, lambda: len(answers.asked) == 4)
        answers.waiting[first].set()
        await until(pilot, lambda: "The registry refuses the manifest." in screen.detail.text)
        assert "Ask for AcrPull." in screen.detail.text
        assert "Reading the license" not in screen.detail.text
        assert len(answers.asked) == 4
        assert screen.check_action("other", ()) is True


async def drive_small_tab() -> None:
    """The same where the detail is a screen of its own."""
    async with opened((80, 24)) as (pilot, screen, answers):
        screen.inspector.turn(-1)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(screen.app.screen, DetailScreen) and len(answers.asked) == 1)
        page = screen.app.screen
        assert isinstance(page, DetailScreen)
        answers.waiting[answers.asked[0]].set()
        await until(pilot, lambda: "License MIT in 80 cells" in page.page.text)
        await pilot.press("escape", "j", "enter")
        await until(pilot, lambda: len(answers.asked) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: answers.cancelled == answers.asked[1:])


if __name__ == "__main__":
    asyncio.run(drive_view())
    asyncio.run(drive_tab())
    asyncio.run(drive_small_tab())
    print("driven")
