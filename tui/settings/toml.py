"""TOML files read strictly: of limited size, and with faults shown by line and column, with what may stand there."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, NoReturn, TypeVar

import msgspec

from tui.domain.common.nearest import did_you_mean
from tui.domain.common.text import clean
from tui.errors import InvalidConfig
from tui.private_files import read_regular, refuse_writable

__all__ = ["MAX_SIZE", "KeyPath", "TomlReader", "content_of"]

MAX_SIZE = 1_000_000
"""Bytes."""
MAX_LINE = 1_000
"""Characters of a line that can begin a table: longer ones are not searched for the place of a fault."""
MOST_DOTS = 100
"""Dots of a line outside of texts."""
KeyPath = tuple[str, ...]
"""The parts of a dotted key, from the top."""
_S = TypeVar("_S", bound=msgspec.Struct)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What files begin with that PowerShell and Notepad write in that encoding; the mark of UTF-8 is left out (TOML 1.1)."""
_UNKNOWN = re.compile(r"unknown field `(.*?)`", re.DOTALL)
_AT = re.compile(r"`\$((?:\.\w+|\[[^]]*\])+)`")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HEADER = re.compile(r"\s*\[\[?\s*(.*?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w.-]+)\s*(?:=|\.)""")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def content_of(file: Path, missing: str, unreadable: str) -> bytes:
    """What is in a file; links are followed (a mounted ConfigMap is one), but only to a regular file.

    Raises InvalidConfig, with the remedies `missing` and `unreadable`; also for a file that everybody may write.
    """
    refuse_writable(file)
    try:
        content = read_regular(file, MAX_SIZE)
    except FileNotFoundError as error:
        raise InvalidConfig(f"There is no file {file}.", missing, path=str(file)) from error
    except OSError as error:
        raise InvalidConfig(f"{file} cannot be read: {error.strerror or error}.", unreadable, path=str(file)) from error
    if len(content) > MAX_SIZE:
        raise InvalidConfig(f"{file} is larger than {MAX_SIZE:,} bytes.", "Is it the right file?", path=str(file))
    return content


class TomlReader:
    """One file: turns its tables into structs, and faults into places. Raises InvalidConfig when it is no TOML.

    `hints` say what may stand where the types do not tell.
    """

    hints: ClassVar[Mapping[str, str]] = {}

    def __init__(self, content: bytes, path: str) -> None:
        text, self.table = _toml(content, path)
        self._lines = text.splitlines()
        self.path = path

    def convert(self, table: dict[str, object], kind: type[_S], place: KeyPath) -> _S:
        """The table at this place as this struct. Raises InvalidConfig."""
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            self._explain(str(error), kind, place, error)

    def refuse(self, fault: str, place: KeyPath, remedy: str, error: Exception | None = None) -> NoReturn:
        """Raise InvalidConfig for what stands at this place."""
        # A key within braces has no line of its own: the line of what it is in says where to look.
        places = (place[:end] for end in range(len(place), 0, -1))
        line, column = next((position for position in (locate(self._lines, part) for part in places) if position[0]), (0, 0))
        where = f"{self.path}:{line}:{column}" if line else self.path
        raise InvalidConfig(f"{where}: {fault}.", remedy, path=self.path, line=line, column=column) from error

    def _explain(self, message: str, kind: type[msgspec.Struct], place: KeyPath, error: Exception) -> NoReturn:
        if unknown := _UNKNOWN.search(message):
            names = [field.encode_name for field in msgspec.structs.fields(kind)]
            remedy = f"{did_you_mean(unknown[1], names)}Settings here are {', '.join(names)}."
            self.refuse(f"“{clean(unknown[1], 60)}” is not a setting", (*place, unknown[1]), remedy, error)
        path_match = _AT.search(message)
        if path_match is None:
            missing = re.search(r"required field `(\w+)`", message)
            fault = f"`{missing[1]}` is missing" if missing else clean(message, 200)
            self.refuse(fault, place, self._allowed(kind, missing[1]) if missing else "", error)
        name = path_match[1].removeprefix(".").partition(".")[0].partition("[")[0]
        self.refuse(f"`{name}` has a wrong value", (*place, name), self._allowed(kind, name), error)

    def _allowed(self, kind: type[msgspec.Struct], name: str) -> str:
        return self.hints.get(name) or allowed(kind, name)


def locate(lines: list[str], place: KeyPath) -> tuple[int, int]:
    """Line and column, from 1, where a key is set, or its table begins; zeros when neither is found."""
    table: KeyPath = ()
    best = (0, 0)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            line = line[:MAX_LINE]
        if header := _HEADER.match(line):
            table = _keys(header[1])
            if table in (place, place[:-1]):
                best = (number, line.index("[") + 1)
        elif (key := _KEY.match(line)) and (*table, *_keys(key[1])) == place:
            return number, key.start(1) + 1
    return best


def _keys(text: str) -> KeyPath:
    """The parts of a dotted TOML key."""
    if _BARE.fullmatch(text):
        return (text,)
    try:
        table: object = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str] = []
    while isinstance(table, dict) and table:
        name, table = next(iter(table.items()))
        parts.append(str(name))
    return tuple(parts)


def _toml(content: bytes, path: str) -> tuple[str, dict[str, object]]:
    if content.startswith(_UTF_16):
        raise InvalidConfig(f"{path}: the file is in UTF-16.", "Save it as UTF-8.", path=path)
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidConfig(f"{path}:{line}: the file is not UTF-8.", "Save it as UTF-8.", path=path, line=line) from error
    _refuse_long_keys(text, path)
    try:
        return text, tomllib.loads(text)
    except RecursionError as error:
        raise InvalidConfig(f"{path}: the file is nested too deeply.", "Is it the right file?", path=path) from error
    except ValueError as error:  # a number of too many digits is no TOMLDecodeError
        message = str(error)
        position = _TOML_PLACE.search(message)
        line, column = (int(position[1]), int(position[2])) if position and position[1] else _end(text)
        fault = clean(_TOML_PLACE.sub("", message), 200)
        remedy = "The file is TOML: texts in quotes, tables as [name]."
        raise InvalidConfig(f"{path}:{line}:{column}: {fault}.", remedy, path=path, line=line, column=column) from error


def _refuse_long_keys(text: str, path: str) -> None:
    """tomllib takes minutes for a key of very many parts: its time grows with the square of their number."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MOST_DOTS and _QUOTED.sub("", line).count(".") > MOST_DOTS:
            headline = f"{path}:{number}: a key of more than {MOST_DOTS} parts."
            raise InvalidConfig(headline, "Is it the right file?", path=path, line=number)


def _end(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text.rpartition("\n")[2]) + 1


def allowed(kind: type[msgspec.Struct], name: str) -> str:
    """What a setting may be, in words."""
    from msgspec import inspect  # only for faults

    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    setting = next((field.type for field in info.fields if field.encode_name == name), None)
    for alternative in setting.types if isinstance(setting, inspect.UnionType) else (setting,):
        if not isinstance(alternative, inspect.NoneType) and (words := _words(alternative, name)):
            return words
    return f"It is a table: [{name}]."


def _words(kind: object, name: str) -> str:
    from msgspec import inspect

    match kind:
        case inspect.EnumType():
            return f"It is one of {', '.join(map(str, kind.cls))}."
        case inspect.BoolType():
            return "It is true or false."
        case inspect.IntType():
            most = f" to {kind.le}" if kind.le is not None else ""
            return f"It is a whole number from {kind.ge or 0}{most}."
        case inspect.StrType():
            return "It is a text in quotes."
        case inspect.VarTupleType(item_type=inspect.StrType()):
            return 'It is a list of texts, such as ["a", "b"].'
        case inspect.VarTupleType():
            return _words(kind.item_type, name).replace("It is", "It is a list; each is")
        case _:
            return ""
