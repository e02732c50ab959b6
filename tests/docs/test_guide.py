"""The guide says what the program does: settings, environment, views, commands, exit codes, and where packages come from."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from textual.binding import Binding

from tests.bench.__main__ import NAMES
from tests.docs.manual import PAGE, manual
from tests.docs.settings_table import GUIDE, settings_tables, shown_tables
from tui.cli.commands import COMMANDS
from tui.domain.common.trust import CheckName
from tui.domain.policy.rules import SETTINGS
from tui.domain.query.language import Key, Trait
from tui.settings import settings as config
from tui.settings.declared import declared, written
from tui.settings.file import read
from tui.ui.keymap import EXPLORER, GLOBAL

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def example() -> str:
    """The configuration that the guide shows."""
    found = re.search(r"```toml\n(.*?)```", (DOCS / "configuration.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def test_the_configuration_shown_is_one() -> None:
    values = read(example().encode(), "/etc/trustree/config.toml")
    assert values["contexts"] == ("prod-weu",)


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", (DOCS / "acting.md").read_text(), re.DOTALL))
def test_every_builder_that_the_guide_to_acting_shows_is_configured_so(text: str) -> None:
    values = read(text.encode(), "/etc/trustree/config.toml")
    tables = [table for name in ("builder", "registry") for table in values.get(name, {}).values()]  # type: ignore[attr-defined]
    assert [table.write for table in tables] == [True]


@pytest.mark.parametrize(
    "table",
    [
        *map(
            written,
            (
                config.Settings,
                config.RegistrySettings,
                config.ScannerSettings,
                config.BuilderSettings,
                config.ContextSettings,
                config.CacheSettings,
            ),
        ),
        config.SignatureSettings,
        config.SignerSettings,
    ],
)
def test_every_setting_is_shown(table: type[msgspec.Struct]) -> None:
    text = example()
    names = [each.name for each in msgspec.structs.fields(table)]
    assert not [name for name in names if not re.search(rf"(^|[\[{{.]|, ){name}\b", text, re.MULTILINE)]


def test_every_setting_of_the_policy_is_in_the_guide() -> None:
    rows = dict(re.findall(r"^\| `\[(\w+)\]` \| (.*) \|$", (DOCS / "policy.md").read_text(), re.MULTILINE))
    assert not [place for place in SETTINGS.values() if len(place) > 1 and f"`{place[1]}`" not in rows.get(place[0], "")]


def test_the_tables_of_settings_are_as_declared() -> None:
    assert shown_tables(GUIDE.read_text()) == settings_tables(), "`python -m tests.docs` writes them"


def test_the_man_page_is_as_the_commands_are() -> None:
    assert PAGE.read_text() == manual(), "`python -m tests.docs` writes it"


def test_every_variable_is_named() -> None:
    text = (DOCS / "configuration.md").read_text()
    variables = [declaration.setting.variable for declaration in declared(config.Settings)]
    assert not [name for name in filter(None, variables) if f"`{name}`" not in text]


def test_checks_terms_and_traits_are_explained() -> None:
    trust, queries = (DOCS / "trust.md").read_text(), (DOCS / "queries.md").read_text()
    assert not [name for name in CheckName if f"`{name}`" not in trust]
    assert not [key for key in Key if key is not Key.WORD and f"`{key}" not in queries]
    assert not [trait for trait in Trait if trait not in queries]


def test_every_command_and_benchmark_named_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    assert {name for name in COMMANDS if f"trustree {name}" in readme or f"`{name}`" in readme} >= {
        "report",
        "check",
        "doctor",
        "info",
    }
    named = re.findall(r"tests\.bench ([a-z0-9 -]+?) --json", (DOCS / "benchmarks.md").read_text())
    assert named
    assert set(named[0].split()) <= set(NAMES)


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_lock_names_no_other_index_than_the_usual() -> None:
    hosts = set(re.findall(r"https?://([^/\"]+)", (ROOT / "uv.lock").read_text()))
    assert hosts <= {"pypi.org", "files.pythonhosted.org"}


def test_every_key_of_the_explorer_is_named() -> None:
    text = (DOCS / "configuration.md").read_text()
    names = {binding.id for binding in (*EXPLORER, *GLOBAL) if isinstance(binding, Binding)}
    assert not [name for name in names if f"`{name}`" not in text]
