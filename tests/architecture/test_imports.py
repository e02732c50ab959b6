"""What static contracts cannot see: what is really imported, when, and what lies at the top of the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.terminal import terminal

ROOT = Path(__file__).resolve().parents[2]
SDKS = ("aiohttp", "kubernetes", "azure", "cryptography", "asn1crypto", "sigstore", "yaml", "re2", "requests")
SCREENS = ("textual", "rich")
LOOP = ("asyncio",)


def imported(code: str, *arguments: str) -> tuple[set[str], str]:
    """The top-level modules that a fresh interpreter has imported after some code, and what the code wrote to stdout."""
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('|'.join(sys.modules), file=sys.stderr)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {name.partition(".")[0] for name in done.stderr.splitlines()[-1].split("|")}, done.stdout


def modules_of(room: str) -> str:
    """An import of every module of a room, those of the rooms inside it too."""
    paths = sorted(path.relative_to(ROOT).with_suffix("") for path in (ROOT / room).rglob("*.py") if path.stem != "__init__")
    assert len(paths) > 20
    return ", ".join(".".join(path.parts) for path in paths)


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        pytest.param(f"import {modules_of('tui/domain')}", (*SDKS, *SCREENS, *LOOP, "logging", "widgets"), id="domain"),
        pytest.param("import tui.cli.main", (*SDKS, *SCREENS, *LOOP, "widgets"), id="cli"),
        pytest.param("import tui.reports, tui.cli.report", (*SDKS, *SCREENS, "widgets"), id="reports"),
        pytest.param("import tui.estate.estate", (*SDKS, *SCREENS, "widgets"), id="estate"),
        pytest.param("import tui.ui.app", SDKS, id="app"),
        pytest.param("import widgets, widgets.tree, widgets.page, widgets.prompt", (*SDKS, "tui"), id="widgets"),
        pytest.param("import tui.demo.running", ("aiohttp", "kubernetes", "azure", *SCREENS), id="demo"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str, absent: tuple[str, ...]) -> None:
    found, _ = imported(code)
    assert not found.intersection(absent)


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_a_question_about_the_program_itself_costs_no_import(flag: str) -> None:
    found, text = imported("import runpy; runpy.run_module('tui', run_name='__main__', alter_sys=True)", flag)
    assert "trustree" in text
    assert not found.intersection((*SDKS, *SCREENS, *LOOP))


FIRST_FRAME = """
import sys
from contextlib import asynccontextmanager
from tui.ui.app import TrustreeApp

class Settings:
    ascii = False
    theme = ""
    write = False
    keymap = {}

@asynccontextmanager
async def opener():
    heavy = [name for name in %r if name in sys.modules]
    raise RuntimeError("IMPORTED " + (" ".join(heavy) or "nothing"))
    yield

TrustreeApp(Settings(), opener).run()
"""


def test_the_first_frame_is_painted_before_any_sdk_is_imported() -> None:
    """The estate is opened, and with it the SDKs are imported, only after a frame was on the terminal."""
    with terminal(FIRST_FRAME % (SDKS,)) as child:
        child.wait_for("Reading the estate")
        child.wait_for("IMPORTED nothing")


def test_nothing_that_acts_is_imported_before_the_first_frame() -> None:
    """Plans are made, and carried out, by rooms of their own; the values that screens show are not meant."""
    acting = ("tui.actions", "tui.domain.plans.why_not", "tui.domain.plans.rebuilding", "tui.sources", "tui.ui.screens.plan")
    with terminal(FIRST_FRAME % (acting,)) as child:
        child.wait_for("Reading the estate")
        child.wait_for("IMPORTED nothing")


def test_nothing_that_answers_is_imported_before_the_first_frame() -> None:
    """Questions come later; scorecards and what is kept of them are values that tabs name."""
    kinds = sorted(path.stem for path in (ROOT / "tui/domain/answers").glob("*.py"))
    rooms = [f"tui.domain.answers.{kind}" for kind in kinds if kind not in ("__init__", "scorecard", "trend")]
    assert len(rooms) > 10
    asking = (*rooms, "tui.domain.answers.why", "tui.presenters.answers", "tui.reports", "tui.presenters.commands")
    showing = ("tui.presenters.objects", "tui.presenters.yaml", "tui.presenters.detail", "tui.presenters.tabs.table")
    finding = ("tui.domain.query.steps", "tui.domain.facts.facts", "tui.domain.plans.commands")
    with terminal(FIRST_FRAME % ((*asking, *showing, *finding),)) as child:
        child.wait_for("Reading the estate")
        child.wait_for("IMPORTED nothing")


def test_nothing_that_makes_rows_is_imported_before_the_first_frame() -> None:
    """There are no rows yet: what makes, counts and copies them is imported in a thread, or when a key asks for it."""
    views = sorted(path.stem for path in (ROOT / "tui/presenters/views").glob("*.py"))
    making = [f"tui.presenters.views.{view}" for view in views if view not in ("__init__", "activity", "spec", "table")]
    assert len(making) > 6
    showing = ("tui.presenters.totals", "tui.presenters.phrases", "tui.presenters.copying", "tui.presenters.tabs")
    rooms = ("answers", "assemble", "checks", "lineage", "policy", "registries", "scans", "workloads")
    telling = ("query.findings", "query.language", "facts.patterns", "facts.reference", "facts.signature")
    judging = [f"tui.domain.{name}" for name in (*rooms, *telling)]
    with terminal(FIRST_FRAME % ((*making, *showing, *judging),)) as child:
        child.wait_for("Reading the estate")
        child.wait_for("IMPORTED nothing")


def test_the_top_of_the_repository_holds_only_what_the_layout_names() -> None:
    """Ignored files apart: what git tracks."""
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, timeout=60)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    named = {"pyproject.toml", "tui", "widgets", "tests", "README.md", "uv.lock", "LICENSE", "CHANGELOG.md", "docs"}
    assert {name for name in top if not name.startswith(".")} <= named
