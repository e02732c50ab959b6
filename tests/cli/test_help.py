"""What `--help` prints fits a screen and names what there is; completion and the man page are made from the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.manual import manual
from tui.cli.commands import COMMANDS, EXPLORER
from tui.cli.completion import Shell, completion_script
from tui.cli.helping import shared_options
from tui.cli.main import main
from tui.domain.query.query import parse_query
from tui.settings.declared import declared
from tui.settings.settings import Settings

LINES, CELLS = 24, 80


def helped(capsys: pytest.CaptureFixture[str], *typed: str) -> list[str]:
    """The lines of a help."""
    with pytest.raises(SystemExit):
        main([*typed, "--help"])
    return capsys.readouterr().out.splitlines()


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(CELLS))


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_a_help_fits_a_screen(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = helped(capsys, *filter(None, (name,)))
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= CELLS
    assert lines[0].startswith("usage: trustree")
    assert any("trustree options" in line for line in lines)


def test_the_first_help_names_every_command_and_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(helped(capsys))
    assert "trustree --demo" in text
    assert not [name for name in COMMANDS if f"\n  {name}" not in text]


def test_the_shared_options_are_all_there_with_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options"]) == 0
    text = capsys.readouterr().out
    assert text == shared_options()
    assert not [flag for one in declared(Settings) for flag in one.setting.flags if flag not in text]
    assert "130 interrupted" in text
    assert max(map(len, text.splitlines())) <= CELLS


def test_every_example_is_understood() -> None:
    from tui.cli.arguments import parse

    for command in (EXPLORER, *COMMANDS.values()):
        for typed, _ in command.examples:
            if "$(" in typed or "|" in typed or ">" in typed:
                continue  # of a shell
            arguments = parse(typed.split()[1:])
            assert arguments.command == command.name
            if "QUERY" in command.usage and arguments.action in ("", "explain"):
                parse_query(arguments.query)


COMPLETED = [
    (["trustree", "re"], ["report", "rebuild", "redeploy"]),
    (["trustree", "report", "--vi"], ["--view"]),
    (["trustree", "report", "--view", "fi"], ["findings"]),
    (["trustree", "check", "-o", "sa"], ["sarif"]),
    (["trustree", "policy", "ex"], ["explain"]),
    (["trustree", "report", "is:sched"], ["is:scheduled"]),
    (["trustree", "completion", ""], ["bash", "zsh", "fish"]),
]


@pytest.mark.parametrize(("words", "offered"), COMPLETED)
def test_bash_completes(words: list[str], offered: list[str], tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    script = tmp_path / "completion.bash"
    script.write_text(completion_script("bash"))
    program = f"""
        source {script}
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
        function=$(complete -p trustree | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        $function trustree '{words[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run([bash, "--norc", "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script_with_all_commands_and_flags(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert not [name for name in COMMANDS if name not in script]
    flags = [flag.lstrip("-") for one in declared(Settings) for flag in one.setting.flags]
    assert not [flag for flag in flags if flag not in script]


def test_the_man_page_names_every_command_flag_and_exit_code() -> None:
    page = manual()
    assert not [name for name in COMMANDS if f"trustree {name}" not in page]
    flags = [flag.replace("-", r"\-") for one in declared(Settings) for flag in one.setting.flags]
    assert not [flag for flag in flags if flag not in page]
    assert ".B 130" in page
    lines = [line for line in page.splitlines() if line.startswith(".")]
    assert {line.split(" ")[0] for line in lines} <= {r".\"", ".TH", ".SH", ".SS", ".TP", ".B", ".BR", ".br", ".nf", ".fi"}
