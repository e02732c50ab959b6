"""One declaration of a setting is enough: it is read from the file and the flags, and `info` and the guide show it."""

from __future__ import annotations

import argparse
from enum import StrEnum
from typing import Annotated

import msgspec
import pytest

from tests.docs.settings_table import settings_tables
from tui.cli.info import changed
from tui.cli.setting_flags import add_setting_flags, given_settings
from tui.errors import InvalidConfig, UsageError
from tui.settings import settings
from tui.settings.declared import Form, Setting, declared, written
from tui.settings.file import read
from tui.settings.settings import Settings


class Tempo(StrEnum):
    SLOW = "slow"
    FAST = "fast"


class More(Settings, frozen=True):
    """The settings, and some more: each declared here and nowhere else."""

    tempo: Annotated[Tempo, Setting("how fast it goes", flags=("--tempo",))] = Tempo.SLOW
    pause: Annotated[float | None, Setting("how long it rests", Form.DURATION, ("--pause",), "TIME")] = None
    notes: Annotated[tuple[str, ...], Setting("where notes lie", Form.PATH, ("--note",), "FILE")] = ()
    mirrors: Annotated[tuple[str, ...], Setting("where else it may look", Form.HOST, ("--mirror",), "HOST")] = ()
    loud: Annotated[bool, Setting("false: it is quiet", flags=("--quiet",))] = True
    word: Annotated[str, Setting("what opens the door", flags=("--word",), secret=True)] = ""
    unspoken: Annotated[str, Setting("never said", flags=("--unspoken",), in_file=False)] = ""


GIVEN = {
    "tempo": Tempo.FAST,
    "pause": 90.0,
    "notes": ("/a/b.txt",),
    "mirrors": ("m.example",),
    "loud": False,
    "word": "sesame",
}


def test_the_file_holds_it() -> None:
    text = 'tempo = "fast"\npause = "1m30s"\nnotes = ["b.txt"]\nmirrors = ["https://m.example/"]\nloud = false\nword = "sesame"\n'
    assert read(text.encode(), "/a/config.toml", More) == GIVEN


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ('tempo = "medium"', "1:1", "It is one of slow, fast."),
        ("pause = 5", "1:1", "Write it in quotes"),
        ('mirrors = ["a b"]', "1:1", ""),
        ('\nunspoken = "x"', "2:1", "Settings here are"),
        ("tempi = 1", "1:1", "Did you mean `tempo`?"),
    ],
)
def test_a_fault_in_it_is_shown_with_its_place(text: str, place: str, remedy: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        read(text.encode(), "/a/config.toml", More)
    assert caught.value.headline.startswith(f"/a/config.toml:{place}: ")
    assert remedy in caught.value.remedy


def test_a_flag_gives_it() -> None:
    parser = argparse.ArgumentParser()
    add_setting_flags(parser, More)
    assert given_settings(parser.parse_args([]), More) == {}
    typed = "--tempo fast --pause 1m30s --note /a/b.txt --note /a/b.txt --mirror https://m.example/ --quiet --word sesame"
    assert given_settings(parser.parse_args(typed.split()), More) == GIVEN
    with pytest.raises(UsageError):
        given_settings(parser.parse_args(["--mirror", "a b"]), More)


def test_info_shows_it_where_it_is_not_as_by_itself_and_no_secret() -> None:
    assert changed(Settings()) == {}
    assert changed(msgspec.structs.replace(More(), **GIVEN)) == {
        "tempo": "fast",
        "pause": "90 s",
        "notes": "/a/b.txt",
        "mirrors": "m.example",
        "loud": "false",
        "word": "[hidden]",
    }


def test_the_guide_has_a_row_of_it() -> None:
    rows = settings_tables(More).splitlines()
    assert "| `tempo` | `slow` | `--tempo` | how fast it goes: slow, fast |" in rows
    assert "| `pause` |  | `--pause TIME` | how long it rests |" in rows


def test_every_field_that_may_be_told_is_declared_and_stands_where_it_is_said_to() -> None:
    for struct in (
        Settings,
        settings.RegistrySettings,
        settings.ScannerSettings,
        settings.BuilderSettings,
        settings.CacheSettings,
    ):
        fields = {field.name for field in msgspec.structs.fields(struct)}
        assert fields == {declaration.name for declaration in declared(struct)}
        in_file = {declaration.name for declaration in declared(struct) if declaration.setting.in_file}
        assert {field.name for field in msgspec.structs.fields(written(struct))} == in_file
        assert all(declaration.setting.help for declaration in declared(struct))


def test_a_field_that_is_not_declared_is_a_mistake() -> None:
    class Half(msgspec.Struct, frozen=True):
        whole: Annotated[bool, Setting("whether it is whole")] = True
        other: int = 0

    with pytest.raises(TypeError, match=r"Half\.other"):
        declared(Half)
