"""What the operator wants done: plans for what is selected, and the screens that follow them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.board import BoardRow
from tui.domain.plans.plan import Action
from tui.domain.query.finding import Finding
from tui.domain.snapshot.snapshot import ImageKey, Snapshot, Workload
from tui.errors import TrustreeError
from tui.presenters.keys import RowSubject, subject_of
from tui.presenters.untold import not_told
from tui.presenters.views.activity import ACTIVITY
from tui.presenters.words import plural
from tui.ui.host import Actions, Explorer
from tui.ui.screens.shown_rows import ShownRows
from tui.ui.screens.waiting import Waiting
from tui.ui.work import begin_work
from widgets.marking import MarkingTree

if TYPE_CHECKING:
    from tui.presenters.board import BoardModel
    from tui.presenters.views.building import BuiltRows
    from tui.presenters.views.spec import ViewSpec

__all__ = ["Acting", "Targets", "targets_of"]

NOT_TWICE = "What was sent is looked up, and never sent again."
NOTHING_TO_ACT_ON = "Nothing here can be rebuilt or redeployed: choose an image, a base, a workload or a finding."


class Targets(NamedTuple):
    """What is to be acted on, how the operator calls it, and what else that may mean."""

    images: frozenset[ImageKey] = frozenset()
    workloads: frozenset[ObjectKey] = frozenset()
    name: str = ""
    unknown: tuple[str, ...] = ()


class Acted(Explorer, Protocol):
    """The explorer as acting sees it."""

    @property
    def outline(self) -> MarkingTree:
        """The tree."""
        ...

    def action_view(self, id: str) -> None:
        """Show a view."""
        ...


def targets_of(action: Action, subjects: list[RowSubject], snapshot: Snapshot, built: BuiltRows) -> Targets:
    """What rows are about: an image, a workload, all of a namespace, a finding.

    Who redeploys a workload means no other that runs the same image; what is rebuilt or contained are the images that run there.
    """
    images: set[ImageKey] = set()
    workloads: set[ObjectKey] = set()
    for subject in subjects:
        if subject.finding is not None:
            finding = _finding(subject, built)
            images.update(finding.images if finding else ())
            workloads.update(finding.workloads if finding else ())
        elif subject.workload is not None and (action is Action.REDEPLOY or subject.image is None):
            workloads.add(subject.workload)
        elif subject.image is not None:
            images.add(subject.image)
        elif subject.cluster:
            workloads.update(key for key in snapshot.workloads if _is_within(key, subject))
    if action is not Action.REDEPLOY:
        images.update(image for key in workloads if key in snapshot.workloads for image in _images_of(snapshot.workloads[key]))
    return Targets(frozenset(images), frozenset(workloads))


def is_target(subject: RowSubject, snapshot: Snapshot, built: BuiltRows) -> bool:
    """Whether there is anything to act on: asked at every key, it stops at the first workload."""
    if subject.finding is not None:
        return _finding(subject, built) is not None
    if subject.workload is not None or subject.image is not None:
        return True
    return bool(subject.cluster) and any(_is_within(key, subject) for key in snapshot.workloads)


def _images_of(workload: Workload) -> Iterable[ImageKey]:
    return (image for container in workload.containers for image in container.images)


def _finding(subject: RowSubject, built: BuiltRows) -> Finding | None:
    if subject.finding is None:
        return None
    from tui.presenters.views.findings import FindingModel  # only where there are findings

    return built.model.found.get(subject.finding) if isinstance(built.model, FindingModel) else None


def _is_within(key: ObjectKey, subject: RowSubject) -> bool:
    return key.cluster == subject.cluster and subject.namespace in ("", key.namespace)


class Acting:
    """Makes plans of what is selected in a screen, and shows them."""

    def __init__(self, explorer: Acted, rows: ShownRows) -> None:
        self._explorer = explorer
        self._rows = rows
        self._waiting = Waiting(explorer)

    def targets(self, action: Action) -> Targets:
        """The marked rows, or the one under the cursor."""
        built = self._explorer.built
        if built is None:
            return Targets()
        subjects = self._subjects()
        targets = targets_of(action, subjects, self._explorer.app.snapshot, built)
        return targets._replace(name=self._name(subjects, len(self._explorer.outline.marked)))

    def _subjects(self) -> list[RowSubject]:
        outline = self._explorer.outline
        return [subject_of(key) for key in outline.marked or (outline.cursor_key,) if key is not None]

    def _name(self, subjects: list[RowSubject], marked: int) -> str:
        if marked > 1:
            return plural(marked, "marked row")
        built = self._explorer.built
        finding = _finding(subjects[0], built) if subjects and built is not None else None
        if finding is not None:
            return finding.what
        from tui.presenters.copying import name_to_copy  # not before somebody acts

        return name_to_copy(subjects[0], self._explorer.app.snapshot) if subjects else ""

    def can_act(self) -> bool:
        """Whether there is something to plan for."""
        built, app = self._explorer.built, self._explorer.app
        if app.actions is None or built is None:
            return False
        return any(is_target(subject, app.snapshot, built) for subject in self._subjects())

    def start(self, action: Action) -> None:
        """Plan something for what is selected, and show the plan."""
        marked = len(self._explorer.outline.marked)
        self._start(action, self.targets(action), f" for {plural(marked, 'marked row')}" if marked else "")

    def can_act_on_found(self) -> bool:
        """Whether a filter finds anything to plan for; true as well while that is still looked for."""
        built = self._explorer.built
        if built is None or self._explorer.app.actions is None:
            return False
        if not self._rows.are_asked_for:
            return bool(self._explorer.chosen.words)
        return bool(built.shown.images or built.shown.workloads)

    def start_for_found(self, action: Action) -> None:
        """Plan something for all that the filter finds, whatever is under the cursor or marked, and show the plan.

        While the rows of another filter are shown still, it is planned once those of this one are there: what the other one
        found is not what is asked for.
        """
        self._rows.once_there(partial(self._start_for_found, action), "The plan is made once it is known what the filter finds.")

    def _start_for_found(self, action: Action) -> None:
        built = self._explorer.built
        if built is None:
            return
        shown = built.shown
        # Who redeploys what was found in one namespace means no workload of another that runs the same image.
        images = frozenset() if action is Action.REDEPLOY else frozenset(shown.images or ())
        targets = Targets(images, frozenset(shown.workloads or ()), self._explorer.chosen.words, not_told(built))
        self._start(action, targets, f" for all that was found: {_wide(targets)}")

    def _start(self, action: Action, targets: Targets, whose: str) -> None:
        if not targets.images and (not targets.workloads or action is not Action.REDEPLOY):
            self._explorer.app.notify(NOTHING_TO_ACT_ON, severity="warning")
            return
        self._explorer.app.notify(f"Making a plan{whose}.", timeout=1.5, markup=False)
        worker = begin_work(self._explorer, partial(self._planned, action, targets), name="plan", group="plan", exclusive=True)
        self._waiting.begin(worker, f"Making a plan to {action.value} {targets.name}: rights are asked for, nothing is changed.")

    def forgo_plan(self) -> bool:
        """Cancel the plan that is being made; False where none is."""
        return self._waiting.cancel()

    async def _planned(self, action: Action, targets: Targets) -> None:
        """Make the plan; whoever waits is told so, and may cancel it."""
        try:
            await self._plan(action, targets)
        finally:
            self._waiting.end()

    async def _plan(self, action: Action, targets: Targets) -> None:
        actions = self._explorer.app.actions
        if actions is None:
            return
        try:
            plan = await actions.plan(action, targets.images, targets.workloads, targets.name, targets.unknown)
        except TrustreeError as error:
            self._say(error)
            return
        self._waiting.end()
        from tui.ui.screens.plan import PlanScreen

        def answered(begun: bool | None) -> None:
            if begun:
                self._explorer.action_view(ACTIVITY.id)

        self._explorer.app.push_screen(PlanScreen(plan, actions), answered)

    def _say(self, error: TrustreeError) -> None:
        self._explorer.app.notify(f"{error.headline} {error.remedy}".strip(), severity="error", markup=False, timeout=12)

    # ---- what is being done

    def board_row(self, view: ViewSpec) -> BoardRow | None:
        """The row of the board under the cursor."""
        model = self._board(view)
        return model.board_row(subject_of(self._explorer.outline.cursor_key)) if model is not None else None

    def chosen_rows(self, view: ViewSpec) -> list[BoardRow]:
        """The marked rows of the board, or the one under the cursor."""
        model = self._board(view)
        if model is None:
            return []
        return [row for subject in self._subjects() if (row := model.board_row(subject)) is not None]

    def _board(self, view: ViewSpec) -> BoardModel | None:
        """The rows of the board, while they are shown."""
        built = self._explorer.built
        if view is not ACTIVITY or built is None:
            return None
        from tui.presenters.board import BoardModel  # there when the view is

        return built.model if isinstance(built.model, BoardModel) else None

    def offer_to_resume(self, view: ViewSpec, subject: RowSubject) -> bool:
        """Ask whether to go on with a plan that was interrupted, where the subject is one."""
        model, actions = self._board(view), self._explorer.app.actions
        plan = model.interrupted(subject) if model is not None else None
        if plan is None or actions is None or not actions.can_write:
            return False
        from tui.ui.screens.pages import QuestionScreen

        question = QuestionScreen(f"Resume the {plan.action} of {plan.query}?", NOT_TWICE, ("Enter", "go on"), "leave it")
        self._explorer.app.push_screen(question, lambda yes: self._resume(plan.id) if yes else None)
        return True

    def _resume(self, plan: str) -> None:
        begin_work(self._explorer, partial(self._go_on, plan), name="resume", group="resume", exclusive=True)

    async def _go_on(self, plan: str) -> None:
        await self._told(lambda actions: actions.resume(plan))

    async def _told(self, act: Callable[[Actions], Awaitable[None]]) -> bool:
        """Do something, and say what goes wrong."""
        actions = self._explorer.app.actions
        if actions is None:
            return False
        try:
            await act(actions)
        except TrustreeError as error:
            self._say(error)
            return False
        return True

    def open_log(self, view: ViewSpec) -> bool:
        """Show the log of the run under the cursor; False where there is none."""
        row, actions = self.board_row(view), self._explorer.app.actions
        if row is None or row.run is None or actions is None:
            return False
        from tui.ui.screens.runlog import RunLogScreen

        self._explorer.app.push_screen(RunLogScreen(f"{row.title}, run {row.run.id}", lambda: actions.log(row)))
        return True

    def cancel(self, view: ViewSpec) -> None:
        """Ask for what happens in the marked rows to end, or under the cursor."""
        rows = self.chosen_rows(view)
        if rows:
            begin_work(self._explorer, partial(self._cancel, rows), name="cancel", group="cancel")

    async def _cancel(self, rows: list[BoardRow]) -> None:
        """One row after the other: what goes wrong with one keeps no other."""
        cancelling = [row.title for row in rows if await self._told(partial(_cancel_row, row))]
        if cancelling:
            titles = cancelling[0] if len(cancelling) == 1 else plural(len(cancelling), "row")
            self._explorer.app.notify(f"Asked for {titles} to be cancelled.", timeout=3, markup=False)


def _wide(targets: Targets) -> str:
    counted = ((len(targets.images), "image"), (len(targets.workloads), "workload"))
    return ", ".join(plural(number, noun) for number, noun in counted if number)


async def _cancel_row(row: BoardRow, actions: Actions) -> None:
    await actions.cancel(row)
