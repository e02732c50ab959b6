"""`rebuild` and `redeploy` without a terminal: what is printed, what is asked, what is sent, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.actions.plans import plan_of, rebuild, restart
from tests.actions.world import LIMITS, Fault, World
from tests.cli.fakes import FakeEstate
from tui.actions.actions import Actions
from tui.actions.audit import AuditEvent, AuditFault, AuditLine, AuditLog, Operator
from tui.actions.outside import Outside
from tui.actions.permissions import Permissions
from tui.cli.acting import _nothing_found
from tui.cli.main import main
from tui.domain.facts.rights import Right, RightState
from tui.domain.facts.workload import ObjectKey
from tui.domain.plans.plan import Action, Plan
from tui.domain.query.query import Selection
from tui.domain.snapshot.snapshot import ImageKey
from tui.settings.settings import Settings

PLAN = plan_of(rebuild("api"), restart("web", needs=("api",), image="api"))
EVERYTHING = Permissions(everywhere=True)


class Outdoors:
    """Opens an estate of values, and remembers whether its ports were opened."""

    def __init__(self, world: World, permissions: Permissions = EVERYTHING, plan: Plan = PLAN) -> None:
        self.world, self.permissions, self.plan_made = world, permissions, world.plan(plan)
        self.reached = 0

    def __call__(self, settings: Settings) -> AbstractAsyncContextManager[tuple[FakeEstate, Actions]]:
        """Open."""
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[FakeEstate, Actions]]:
        directory = self.world.directory / "state"
        actions = Actions(
            self.world,
            self._reach,
            self.permissions,
            directory,
            lambda: Operator("ada", 1000, "jump-1", 1),
            LIMITS,
            self.world.clock,
            self._ask,
        )
        async with actions.running():
            yield FakeEstate(self.world.snapshot), actions

    @asynccontextmanager
    async def _ask(self, plan: Plan) -> AsyncIterator[Outside]:
        yield self.world.outside()

    @asynccontextmanager
    async def _reach(self, plan: Plan) -> AsyncIterator[Outside]:
        self.reached += 1
        yield self.world.outside()


@pytest.fixture
def outdoors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outdoors:
    """An estate in which the plan is always the same."""
    made = Outdoors(World(tmp_path))
    monkeypatch.setattr("tui.actions.actions.planned", lambda *_: made.plan_made)
    return made


def run(outdoors: Outdoors, *words: str) -> int:
    """The exit code of a command line."""
    return main([*words], acting=outdoors)


def test_a_plan_is_printed_and_nothing_is_reached(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    outdoors.permissions = Permissions()
    assert run(outdoors, "rebuild", "base:debian", "--plan") == 0
    out = capfd.readouterr().out
    assert "wave 1 of 2" in out
    assert "Run the task api." in out
    assert (outdoors.reached, outdoors.world.sends) == (0, [])


@pytest.mark.parametrize(("output", "begins"), [("json", '{"schema": "trustree/plan/v1"'), ("markdown", "# Plan p1")])
def test_a_plan_is_printed_in_other_formats(
    outdoors: Outdoors, output: str, begins: str, capfd: pytest.CaptureFixture[str]
) -> None:
    run(outdoors, "rebuild", "base:debian", "--plan", "-o", output)
    out = capfd.readouterr().out
    assert out.replace('":"', '": "').startswith(begins)


def test_the_rights_of_a_plan_are_asked_also_where_nothing_may_be_changed(
    outdoors: Outdoors, capfd: pytest.CaptureFixture[str]
) -> None:
    outdoors.permissions = Permissions()
    run(outdoors, "rebuild", "base:debian", "--plan", "-o", "json")
    steps = json.loads(capfd.readouterr().out)["plan"]["steps"]
    assert [{right["state"] for right in step["rights"]} for step in steps] == [{"held"}, {"held"}]
    assert outdoors.reached == 0


@pytest.mark.parametrize("words", [("--plan",), ("--yes",)])
def test_a_right_that_is_missing_is_told_by_the_plan(
    outdoors: Outdoors, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    outdoors.world.missing_rights = True
    assert run(outdoors, "rebuild", "base:debian", *words) == 4
    assert "The right scheduleRun on" in capfd.readouterr().out
    assert (outdoors.reached, outdoors.world.sends) == (0, [])


@pytest.mark.parametrize("words", [("--yes",), ()])
def test_without_write_the_plan_is_shown_nothing_is_reached_and_it_is_said(
    outdoors: Outdoors, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    outdoors.permissions = Permissions()
    assert run(outdoors, "rebuild", "base:debian", *words) == 1
    shown, _, refused = capfd.readouterr().err.partition("Nothing is changed: ")
    assert all(step.target in shown for step in PLAN.steps)
    assert "are read-only" in refused
    assert (outdoors.reached, outdoors.world.sends) == (0, [])


def test_without_a_terminal_nothing_is_done_unless_it_is_said_so(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(outdoors, "rebuild", "base:debian") == 1
    assert "--yes" in capfd.readouterr().err
    assert outdoors.world.sends == []


def test_a_plan_is_carried_out_and_told(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(outdoors, "rebuild", "base:debian", "--yes", "-o", "json") == 0
    told = capfd.readouterr()
    document = json.loads(told.out)
    assert (document["schema"], document["ended"]) == ("trustree/plan-result/v1", True)
    assert [row["state"] for row in document["rows"]] == ["done"]
    assert "api:1: converged" in told.err or "api:1: done" in told.err
    assert outdoors.world.done == ["api", "web"]


def test_a_protected_cluster_wants_its_name(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    outdoors.permissions = Permissions(everywhere=True, protected=frozenset({"prod-weu"}))
    assert run(outdoors, "rebuild", "base:debian", "--yes") == 1
    assert "--confirm prod-weu" in capfd.readouterr().err
    assert run(outdoors, "rebuild", "base:debian", "--yes", "--confirm", "prod-neu") == 1
    assert outdoors.world.sends == []
    assert run(outdoors, "rebuild", "base:debian", "--yes", "--confirm", "prod-weu") == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Fault.FAILS, 2), (Fault.REFUSED, 4), (Fault.LOST_BEFORE, 3), (Fault.UNSCANNED, 3), (Fault.OLD_BASE, 2)],
)
def test_what_went_wrong_is_the_exit_code(outdoors: Outdoors, fault: Fault, code: int) -> None:
    outdoors.world.faults["api"] = fault
    assert run(outdoors, "rebuild", "base:debian", "--yes") == code


def test_a_saved_plan_is_carried_out_by_somebody_else(outdoors: Outdoors, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    run(outdoors, "rebuild", "base:debian", "--plan", "--save", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(outdoors, "rebuild", "--from", str(file), "--yes") == 0
    assert outdoors.world.done == ["api", "web"]


def test_what_has_changed_since_a_plan_was_saved_is_shown_and_nothing_is_sent(
    outdoors: Outdoors, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.json"
    run(outdoors, "rebuild", "base:debian", "--plan", "--save", str(file))
    outdoors.plan_made = msgspec.structs.replace(PLAN, steps=PLAN.steps[:1])
    assert run(outdoors, "rebuild", "--from", str(file), "--yes") == 3
    assert "is not needed any more" in capfd.readouterr().err
    assert outdoors.world.sends == []


@pytest.mark.parametrize("words", [("--yes",), ("--plan",)])
def test_what_a_file_says_otherwise_of_what_it_does_is_shown_and_nothing_is_sent(
    outdoors: Outdoors, tmp_path: Path, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """Names, images and commands are as today's plan has them: only the sentences lie that somebody agrees by."""
    file = tmp_path / "plan.json"
    run(outdoors, "rebuild", "base:debian", "--plan", "--save", str(file))
    file.write_text(file.read_text().replace(PLAN.steps[0].why, "Everybody has agreed to it."))
    assert run(outdoors, "rebuild", "--from", str(file), *words) == 3
    told = capfd.readouterr().err
    assert "why: the plan says “Everybody has agreed to it.”; now it would say “Its base has moved.”." in told
    assert outdoors.world.sends == []


def test_how_old_the_plan_of_a_file_is_is_said_first(
    outdoors: Outdoors, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.json"
    run(outdoors, "rebuild", "base:debian", "--plan", "--save", str(file))
    assert run(outdoors, "rebuild", "--from", str(file), "--yes") == 0
    assert f"Plan p1 was made at {PLAN.made:%Y-%m-%d %H:%M} UTC, " in capfd.readouterr().err


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"schema":"trustree/plan/v9"}', b"\xff\xfe"])
def test_a_file_that_is_no_plan_is_refused(outdoors: Outdoors, tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(body)
    assert run(outdoors, "rebuild", "--from", str(file), "--yes") == 1
    assert outdoors.world.sends == []


def test_a_plan_that_has_ended_is_not_carried_out_again(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(outdoors, "rebuild", "base:debian", "--yes") == 0
    assert run(outdoors, "rebuild", "base:debian", "--yes") == 1
    assert outdoors.world.done == ["api", "web"]


@pytest.mark.parametrize(("fault", "code"), [(Fault.NONE, 0), (Fault.FAILS, 2), (Fault.REFUSED, 4), (Fault.LOST_BEFORE, 3)])
def test_resuming_a_plan_that_has_ended_tells_its_end_with_its_exit_code(
    outdoors: Outdoors, fault: Fault, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    outdoors.world.faults["api"] = fault
    assert run(outdoors, "rebuild", "base:debian", "--yes", "-o", "json") == code
    first, sends = json.loads(capfd.readouterr().out), list(outdoors.world.sends)
    assert run(outdoors, "rebuild", "--resume", "p1", "-o", "json") == code
    again = capfd.readouterr()
    document = json.loads(again.out)
    assert [row["state"] for row in document["rows"]] == [row["state"] for row in first["rows"]]
    assert (document["ended"], document["resume"]) == (True, "")
    assert "Plan p1 ended at 2026-" in again.err
    assert (outdoors.world.sends, outdoors.reached) == (sends, 1)


def test_a_plan_for_another_command_is_refused(outdoors: Outdoors, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    run(outdoors, "rebuild", "base:debian", "--plan", "--save", str(file))
    assert run(outdoors, "redeploy", "--from", str(file), "--yes") == 1
    assert outdoors.world.sends == []


@pytest.mark.parametrize(
    "words",
    [
        ("rebuild",),
        ("rebuild", "base:debian", "--resume", "p1"),
        ("rebuild", "--from", "a", "--resume", "p1"),
        ("rebuild", "--resume", "p1", "--plan"),
        ("rebuild", "--resume", "p9", "--yes"),
        ("rebuild", "--resume", "../p1", "--yes"),
    ],
)
def test_what_makes_no_sense_is_refused(outdoors: Outdoors, words: tuple[str, ...]) -> None:
    assert run(outdoors, *words) == 1
    assert outdoors.world.sends == []


def test_a_right_that_is_missing_is_told_before_anything_is_sent(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    """Whether all of a plan is kept from being done by that, or one step of several."""
    missing = Right("patch deployments.apps", "namespace prod of prod-weu", RightState.MISSING, "Ask for the role 'edit'.")
    steps = [
        msgspec.structs.replace(step, rights=(missing,), blocked="The right is missing.") if step.workload is not None else step
        for step in outdoors.plan_made.steps
    ]
    outdoors.plan_made = msgspec.structs.replace(outdoors.plan_made, steps=tuple(steps))
    assert run(outdoors, "rebuild", "base:debian", "--plan") == 4
    assert outdoors.world.sends == []
    assert run(outdoors, "rebuild", "base:debian", "--yes") == 4
    assert outdoors.world.sends == ["api"]
    assert "denied" in capfd.readouterr().out


def test_a_patch_for_git_is_printed_line_by_line(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    patch = 'Commit this in Git instead:\napiVersion: apps/v1\nkind: "Deployment"'
    steps = [
        msgspec.structs.replace(step, blocked="Argo CD owns it.", remedy=patch) if step.workload is not None else step
        for step in outdoors.plan_made.steps
    ]
    outdoors.plan_made = msgspec.structs.replace(outdoors.plan_made, steps=tuple(steps))
    run(outdoors, "rebuild", "base:debian", "--plan", "-o", "markdown")
    assert '  ```yaml\n  apiVersion: apps/v1\n  kind: "Deployment"\n  ```\n' in capfd.readouterr().out
    run(outdoors, "rebuild", "base:debian", "--yes")
    assert '          apiVersion: apps/v1\n          kind: "Deployment"\n' in capfd.readouterr().out


def test_another_plan_with_the_id_of_one_that_was_begun_is_refused(
    outdoors: Outdoors, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was shown and allowed is carried out, and not what was begun under its id."""
    file = tmp_path / "plan.json"
    outdoors.world.faults["api"] = Fault.REFUSED
    run(outdoors, "rebuild", "base:debian", "--yes")
    other = msgspec.structs.replace(PLAN.steps[1], target="another")
    outdoors.plan_made = outdoors.world.plan(msgspec.structs.replace(PLAN, steps=(PLAN.steps[0], other)))
    run(outdoors, "rebuild", "base:debian", "--plan", "--save", str(file))
    assert run(outdoors, "rebuild", "--from", str(file), "--yes") == 1
    assert "Another plan with the id p1" in capfd.readouterr().err


def test_a_plan_of_tomorrow_is_not_carried_out(outdoors: Outdoors, capfd: pytest.CaptureFixture[str]) -> None:
    """Of runs that were started since nobody could tell."""
    made = outdoors.world.clock.now() + timedelta(hours=1)
    outdoors.plan_made = msgspec.structs.replace(outdoors.plan_made, made=made)
    assert run(outdoors, "rebuild", "base:debian", "--yes") == 1
    assert "yet to come" in capfd.readouterr().err
    assert outdoors.world.sends == []


@pytest.mark.parametrize("action", ["rebuild", "redeploy", "contain"])
@pytest.mark.parametrize("words", [("--plan",), ("--yes",), ()])
def test_a_query_that_finds_nothing_is_never_a_success(
    outdoors: Outdoors, action: str, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing was acted upon, as for `check`: a name that was mistyped must not end like what is done and proven."""
    outdoors.plan_made = msgspec.structs.replace(PLAN, action=Action(action), steps=())
    assert run(outdoors, action, "repo:nosuch", *words, "-o", "json") == 3
    told = capfd.readouterr()
    assert "Nothing was found that is meant by the query." in told.err
    assert json.loads(told.out)["plan"]["unknown"] == ["Nothing was found that is meant by the query."]
    assert outdoors.world.sends == []


@pytest.mark.parametrize(
    ("action", "images", "workloads", "code"),
    [
        (Action.REBUILD, True, False, ""),
        (Action.REBUILD, False, True, "No image is known of what the query means."),
        (Action.CONTAIN, False, True, "No image is known of what the query means."),
        (Action.REDEPLOY, True, False, "No workload was found that runs what the query means."),
        (Action.REDEPLOY, False, True, ""),
    ],
)
def test_what_is_found_is_what_a_command_acts_upon(action: Action, images: bool, workloads: bool, code: str) -> None:
    found_images = frozenset({ImageKey("contoso.azurecr.io", "api", "sha256:" + "0" * 64)}) if images else frozenset()
    found_workloads = frozenset({ObjectKey("prod", "shop", "Deployment", "web")}) if workloads else frozenset()
    assert _nothing_found(action, Selection(images=found_images, workloads=found_workloads)) == code


@pytest.mark.parametrize("words", [("--plan",), ("--from",)])
def test_a_plan_says_how_much_its_query_may_mean_as_well(
    outdoors: Outdoors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """Of an image whose base is not known nobody can tell whether it is built on Debian: the plan is not for all that is."""
    file = tmp_path / "plan.json"
    assert run(outdoors, "rebuild", "base:debian", "--plan", "--save", str(file)) == 0
    image = ImageKey("contoso.azurecr.io", "api", "sha256:" + "0" * 64)
    partly = Selection(frozenset({image}), frozenset(), undecided=22, unplaced=1)
    monkeypatch.setattr("tui.domain.query.query.Query.images", lambda *_: partly)
    capfd.readouterr()
    asked = ("--from", str(file), "--plan") if words == ("--from",) else ("base:debian", "--plan")
    assert run(outdoors, "rebuild", *asked, "-o", "json") == 3
    unknown = json.loads(capfd.readouterr().out)["plan"]["unknown"]
    assert unknown[0].startswith("Whether the query means 22 images and 1 workload without a known image as well is not known")


def test_a_refused_command_leaves_no_file(outdoors: Outdoors, tmp_path: Path) -> None:
    """A plan that was never begun, one that an audit log keeps from being begun, and one that cannot be read."""
    plans = tmp_path / "state" / "plans"
    for words in (("--resume", "nope"), ("--resume", "../nope"), ("--from", str(tmp_path / "nope"))):
        assert run(outdoors, "rebuild", *words, "--yes") == 1
    assert not plans.exists()
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "audit.jsonl").mkdir()
    assert run(outdoors, "rebuild", "base:debian", "--yes") == 1
    assert list(plans.iterdir()) == []
    assert outdoors.world.sends == []


def test_what_a_full_disk_keeps_from_being_sent_can_be_resumed(
    outdoors: Outdoors, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing was sent for it, so that it has not ended: the result says so and names the command that goes on."""
    real, full = AuditLog.record, [True]

    def record(log: AuditLog, line: AuditLine) -> None:
        if full[0] and line.event is AuditEvent.SENDING:
            raise AuditFault("The audit log cannot be written: No space left on device. Nothing is sent.", "Free some space.")
        real(log, line)

    monkeypatch.setattr(AuditLog, "record", record)
    assert run(outdoors, "rebuild", "base:debian", "--yes", "-o", "json") == 3
    told = capfd.readouterr()
    document = json.loads(told.out)
    assert (document["ended"], document["resume"]) == (False, "trustree rebuild --resume p1")
    assert {row["state"] for row in document["rows"]} == {"waiting"}
    assert "No space left on device" in document["sentence"]
    assert "`trustree rebuild --resume p1` resumes it." in told.err
    assert outdoors.world.sends == []
    full[0] = False
    assert run(outdoors, "rebuild", "--resume", "p1", "--yes") == 0
    assert outdoors.world.done == ["api", "web"]
