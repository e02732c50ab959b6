"""The configuration file: TOML, strict, with faults shown by line and column.

```
contexts = ["prod-weu"]            # as --context; also: all_contexts, namespaces, all_namespaces, kubeconfig, registries
request_timeout = "10s"            # also: refresh, azure, policy, theme, ascii, log_level, log_file
[keymap]
rebuild = "B"
[registry."contoso.azurecr.io"]
kind = "acr"                       # auto, acr, oci; also: endpoint, ca_file, auth, username, password_env, ask, refresh
[context."prod-weu"]
write = false                      # also: namespaces
```
"""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, NoReturn, TypeVar

import msgspec

from tui.config import Auth, ContextSettings, Kind, LogLevel, RegistrySettings
from tui.domain.text import clean
from tui.durations import seconds
from tui.errors import InvalidConfig

__all__ = ["read"]

MAX_SIZE = 1_000_000  # bytes
Place = tuple[str, ...]
_S = TypeVar("_S", bound=msgspec.Struct)


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registry table as it is written; durations are text."""

    kind: Kind = Kind.AUTO
    endpoint: str = ""
    ca_file: str = ""
    auth: Auth = Auth.AUTO
    username: str = ""
    password_env: str = ""
    ask: bool = True
    refresh: str | None = None
    requests_per_minute: Annotated[int, msgspec.Meta(ge=1)] | None = None


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The top of the file as it is written; the tables of registries and contexts are read one by one."""

    contexts: tuple[str, ...] = ()
    all_contexts: bool = False
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    kubeconfig: str = ""
    registries: tuple[str, ...] = ()
    azure: bool = True
    policy: str = ""
    request_timeout: str | None = None
    refresh: str | None = None
    theme: str = ""
    ascii: bool = False
    log_level: LogLevel = LogLevel.INFO
    log_file: str = ""
    keymap: dict[str, str] = {}
    registry: dict[str, dict[str, object]] = {}
    context: dict[str, dict[str, object]] = {}


_DURATIONS = ("request_timeout", "refresh")
_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_AT = re.compile(r"`\$((?:\.\w+|\[[^]]*\])+)`")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HEADER = re.compile(r"\s*\[\[?\s*(.*?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w.-]+)\s*(?:=|\.)""")


def read(content: bytes, path: str) -> dict[str, object]:
    """The settings of a file by field name, only what is in it. Raises InvalidConfig with line and column."""
    if len(content) > MAX_SIZE:
        raise InvalidConfig(f"{path} is larger than {MAX_SIZE:,} bytes.", "Is it the right file?", path=path)
    text, table = _toml(content, path)
    reader = _Reader(text, path)
    file = reader.convert(table, File, ())
    values: dict[str, object] = {name: getattr(file, name) for name in table if name not in ("registry", "context")}
    values |= {name: reader.duration(table, name, ()) for name in _DURATIONS if name in table}
    values["registry"] = {host: reader.registry(host, entry) for host, entry in file.registry.items()}
    values["context"] = {name: reader.convert(entry, ContextSettings, ("context", name)) for name, entry in file.context.items()}
    return values


class _Reader:
    """Turns tables into settings and faults into places."""

    def __init__(self, text: str, path: str) -> None:
        self._lines = text.splitlines()
        self._path = path

    def registry(self, host: str, entry: dict[str, object]) -> RegistrySettings:
        """One registry table."""
        place = ("registry", host)
        if "password" in entry:
            remedy = "Put it in an environment variable and name that in `password_env`."
            self._refuse("A password does not belong in the file", (*place, "password"), remedy)
        raw = self.convert(entry, Registry, place)
        plain = {name: getattr(raw, name) for name in Registry.__struct_fields__ if name != "refresh"}
        return RegistrySettings(**plain, refresh=self.duration(entry, "refresh", place))

    def duration(self, table: dict[str, object], name: str, place: Place) -> float | None:
        """A duration in seconds, None when it is not there."""
        if name not in table:
            return None
        found = seconds(str(table[name]))
        if found is None:
            self._refuse(f"`{name}` is not a duration", (*place, name), 'Write it as "10s", "2m" or "1m30s".')
        return found

    def convert(self, table: dict[str, object], kind: type[_S], place: Place) -> _S:
        """The table as this struct. Raises InvalidConfig."""
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            self._explain(str(error), kind, place, error)

    def _explain(self, message: str, kind: type[msgspec.Struct], place: Place, error: Exception) -> NoReturn:
        unknown = _UNKNOWN.search(message)
        if unknown:
            names = ", ".join(kind.__struct_fields__)
            self._refuse(
                f"“{clean(unknown[1], 60)}” is not a setting", (*place, unknown[1]), f"Settings here are {names}.", error
            )
        at = _AT.search(message)
        name = at[1].removeprefix(".").partition(".")[0].partition("[")[0] if at else ""
        self._refuse(f"`{name}` has a wrong value", (*place, name), _allowed(kind, name), error)

    def _refuse(self, what: str, place: Place, remedy: str, error: Exception | None = None) -> NoReturn:
        line, column = locate(self._lines, place)
        where = f"{self._path}:{line}:{column}" if line else self._path
        raise InvalidConfig(f"{where}: {what}.", remedy, path=self._path, line=line, column=column) from error


def locate(lines: list[str], place: Place) -> tuple[int, int]:
    """Line and column, from 1, where a key is set, or its table begins; zeros when neither is found."""
    table: Place = ()
    best = (0, 0)
    for number, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            table = _keys(header[1])
            if table in (place, place[:-1]):
                best = (number, line.index("[") + 1)
        elif (key := _KEY.match(line)) and (*table, *_keys(key[1])) == place:
            return number, key.start(1) + 1
    return best


def _keys(text: str) -> Place:
    """The parts of a dotted TOML key."""
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
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidConfig(f"{path}:{line}: the file is not UTF-8.", "Save it as UTF-8.", path=path, line=line) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _TOML_PLACE.search(message)
        line, column = (int(found[1]), int(found[2])) if found and found[1] else _end(text)
        what = clean(_TOML_PLACE.sub("", message), 200)
        remedy = "The file is TOML: texts in quotes, tables as [name]."
        raise InvalidConfig(f"{path}:{line}:{column}: {what}.", remedy, path=path, line=line, column=column) from error


def _end(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text.rpartition("\n")[2]) + 1


def _allowed(kind: type[msgspec.Struct], name: str) -> str:
    """What a setting may be, in words."""
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    match fields.get(name):
        case type() as found if issubclass(found, (Kind, Auth, LogLevel)):
            return f"It is one of {', '.join(found)}."
        case found if found is bool:
            return "It is true or false."
        case found if found is str:
            return "It is a text in quotes."
        case found if found == tuple[str, ...]:
            return 'It is a list of texts, such as ["a", "b"].'
        case _ if name in _DURATIONS:
            return 'It is a duration in quotes, such as "10s".'
        case _ if name == "requests_per_minute":
            return "It is a whole number from 1."
        case _:
            return f"It is a table: [{name}]."
