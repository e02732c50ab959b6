"""Every module that is a view, a tab, a command or a report format has its row, and every row its module."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from enum import StrEnum
from types import ModuleType

import pytest
from textual.widget import Widget

from tests.parsed import ROOT, SYNTAX, parsed
from tui.cli.arguments import parser_of
from tui.cli.commands import COMMANDS, EXPLORER
from tui.domain.common.trust import CheckName
from tui.domain.facts.build import BuilderKind
from tui.presenters.tabs.spec import TabSpec
from tui.presenters.tabs.table import TABS
from tui.presenters.views.spec import ViewSpec
from tui.presenters.views.table import VIEWS
from tui.reports import FORMATS, Format, format_named
from tui.ui.keymap import EXPLORER as KEYS
from tui.ui.keymap import GLOBAL
from widgets.marking import MarkingTree
from widgets.page import TextPage
from widgets.tree import VirtualTree

pytestmark = SYNTAX
README = (ROOT / "README.md").read_text()


def modules(room: str) -> Iterator[ModuleType]:
    """Every module of a room."""
    for path in sorted((ROOT / room).glob("*.py")):
        if path.stem != "__init__":
            yield importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def test_every_command_has_a_row_and_a_module() -> None:
    having = {module.__name__.rpartition(".")[2] for module in modules("tui/cli") if hasattr(module, "add_arguments")}
    assert having == {*COMMANDS, "explore"}
    for command in (EXPLORER, *COMMANDS.values()):
        assert parser_of(command.name).known > {"--help"}
        assert not command.actions or next(iter(command.actions.values())) == "", "the usual action needs no word"


def test_every_format_has_a_row_and_a_module_and_is_in_the_guide() -> None:
    formats = {module.__name__.rpartition(".as_")[2] for module in modules("tui/reports") if hasattr(module, "FORMAT")}
    assert formats == FORMATS.keys()
    assert all(isinstance(format_named(name), Format) for name in FORMATS)
    policy = (ROOT / "docs" / "policy.md").read_text()
    assert not [name for name in FORMATS if f"`{name}`" not in policy]


def test_every_view_has_a_row_and_a_key_of_its_own_and_is_in_the_guide() -> None:
    specs = {
        spec.id for module in modules("tui/presenters/views") for spec in vars(module).values() if isinstance(spec, ViewSpec)
    }
    assert specs == {view.id for view in VIEWS}
    keys = [key for binding in KEYS for key in getattr(binding, "key", "").split(",")]
    assert len(keys) == len(set(keys))
    assert not [view.name for view in VIEWS if f"`{view.key}`" not in README or view.name not in README]


@pytest.mark.parametrize("widget", [MarkingTree, VirtualTree, TextPage])
def test_no_key_of_the_explorer_is_one_of_what_has_the_focus(widget: type[Widget]) -> None:
    """It would never come that far."""
    taken = {key for binding in widget.BINDINGS for key in getattr(binding, "key", "").split(",")}
    assert not [binding for binding in (*GLOBAL, *KEYS) if taken & {*getattr(binding, "key", "").split(",")}]


def test_every_tab_has_a_row_and_a_name_of_its_own_and_is_in_the_guide() -> None:
    specs = [spec for module in modules("tui/presenters/tabs") for spec in vars(module).values() if isinstance(spec, TabSpec)]
    assert {spec.id for spec in specs} == {tab.id for tab in TABS}
    assert len({tab.name for tab in TABS}) == len(TABS)
    assert not [tab.name for tab in TABS if tab.name not in README]


def _tables(kinds: type[StrEnum]) -> Iterator[tuple[str, set[str]]]:
    """Every table of the program by the members of an enumeration, where it has most of them: the members that it has."""
    for path in sorted((ROOT / "tui").rglob("*.py")):
        for node in parsed(path).body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            keys = [ast.unparse(key) for key in value.keys if key is not None] if isinstance(value, ast.Dict) else []
            members = {key.rpartition(".")[2] for key in keys if key.startswith(f"{kinds.__name__}.")}
            if len(members) * 2 > len(kinds):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", members


@pytest.mark.parametrize(("kinds", "least"), [(BuilderKind, 3), (CheckName, 1)])
def test_a_table_by_kinds_has_every_kind(kinds: type[StrEnum], least: int) -> None:
    """What the types do not tell who adds one: a builder, a check."""
    tables = dict(_tables(kinds))
    assert len(tables) >= least
    assert {place: lost for place, members in tables.items() if (lost := {*kinds.__members__} - members)} == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_guide(command: str) -> None:
    pages = README + "".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
    assert f"trustree {command}" in pages
