"""Objects of clusters as they are shown: without bookkeeping that only programs read, and without any credential."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tui.domain.common.credential_names import holds_credentials, names_credential, names_reference
from tui.domain.common.decoding import DECODING, json_decoder
from tui.domain.common.lookalikes import as_latin
from tui.domain.common.password_flags import HIDDEN, hidden_in_flag, is_password_flag, without_passwords, without_users_password
from tui.domain.common.redaction import redact

__all__ = ["NotReadable", "shown_object"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MOST_DEPTH = 100
_object, _anything = json_decoder(dict[str, Any]), json_decoder(Any)
_PACKED = re.compile(r"[A-Za-z0-9+/=_-]{80,}")
# In a file that is the value of a variable: `password: x`, `password = x`, and in YAML a name with its value on the next line.
_LINE = re.compile(r"^([ \t]*(?:- |export )?[\"']?([\w.-]{1,100})[\"']?[ \t]*[:=][ \t]*)([^\s|>&*{\[#].*)$", re.MULTILINE)
_PAIR = re.compile(r"((?:name|key):[ \t]*[\"']?([\w.-]{1,100})[\"']?[ \t]*\r?\n[ \t]*value:[ \t]*)([^\s].*)$", re.MULTILINE)


class NotReadable(ValueError):
    """What came is no object."""


def shown_object(body: bytes) -> dict[str, Any]:
    """An object as `kubectl get -o yaml` shows it, with what looks like a credential hidden. Raises NotReadable.

    `managedFields` and what was applied last, which says it all a second time, are left out; of a Secret no value is shown.
    """
    try:
        value = _object.decode(body)
    except DECODING as error:
        raise NotReadable from error
    match value.get("metadata"):
        case dict() as metadata:
            metadata.pop("managedFields", None)
            match metadata.get("annotations"):
                case dict() as annotations if annotations.keys() == {LAST_APPLIED}:
                    metadata.pop("annotations")
    if value.get("kind") == "Secret":
        for part in {"data", "stringData"} & value.keys():
            members = value[part]
            value[part] = dict.fromkeys(members, HIDDEN) if isinstance(members, dict) else HIDDEN
    return {name: _without_secrets(name, member, 0) for name, member in value.items()}


def _without_secrets(name: str, value: object, depth: int) -> object:
    """A value without credentials; `name` is what it is called, which may say that it is one."""
    if depth >= MOST_DEPTH:
        return HIDDEN
    match value:
        case {"name": str() as variable, "value": str() as content, **others}:  # a variable of the environment, an argument
            return {"name": variable, "value": _value(variable, content, depth), **_members(others, depth)}
        case {"key": str() as variable, "value": str() as content, **others}:
            return {"key": variable, "value": _value(variable, content, depth), **_members(others, depth)}
        case dict() if name == "annotations":
            return _members({key: _unpacked(key, note) for key, note in value.items() if key != LAST_APPLIED}, depth)
        case dict() | list() if holds_credentials(name):
            return _held("", value, depth)
        case dict():
            return _members(value, depth)
        case list():
            return _items(name, value, depth)
        case str():
            return _text(name, value, depth)
        case int() | float() if holds_credentials(name) and not isinstance(value, bool):
            return HIDDEN
        case _:
            return value


def _members(members: Mapping[Any, object], depth: int) -> dict[str, object]:
    return {redact(str(name)): _without_secrets(str(name), member, depth + 1) for name, member in members.items()}


def _held(name: str, value: object, depth: int) -> object:
    """What stands in a list or a map that is called credentials: hidden, but for what only says where they are."""
    if depth >= MOST_DEPTH:
        return HIDDEN
    match value:
        case dict():
            return {redact(str(inner)): _held(str(inner), member, depth + 1) for inner, member in value.items()}
        case list():
            return [_held(name, item, depth + 1) for item in value]
        case bool() | None | "":
            return value
        case _ if not names_reference(name):
            return HIDDEN
        case str():
            return _text(name, value, depth)
        case _:
            return value


def _items(name: str, items: list[object], depth: int) -> list[object]:
    """Items of a list; what follows the name of a flag is its value."""
    shown: list[object] = []
    before: list[str] = []
    flag = ""
    for item in items:
        if flag and isinstance(item, str):
            is_password = is_password_flag(flag, before, item, likely=True)
            shown.append(HIDDEN if is_password else _after_flag(flag, item, depth))
        elif isinstance(item, str):
            shown.append(_without_secrets(name, _in_flag(item, before), depth + 1))
        else:
            shown.append(_without_secrets("", item, depth + 1))
        if isinstance(item, str) and not item.startswith("-"):
            before.append(item)
        flag = item if isinstance(item, str) and item.startswith("-") and "=" not in item else ""
    return shown


def _in_flag(word: str, before: list[str]) -> str:
    """A word of a command; of `-p=SECRET` the flag."""
    flag, equals, value = word.partition("=")
    if equals and is_password_flag(flag, before, value, likely=True):
        return f"{flag}={HIDDEN}"
    return hidden_in_flag(word, before)


def _after_flag(flag: str, text: str, depth: int) -> str:
    return without_users_password(flag, text) or _value(flag.lstrip("-"), text, depth)


def _unpacked(key: str, note: object) -> object:
    """An annotation, but for an object as it was applied that is packed: it holds all that is hidden in the object itself."""
    return HIDDEN if isinstance(note, str) and "applied" in str(key) and _PACKED.fullmatch(note.strip()) else note


def _value(name: str, text: str, depth: int) -> str:
    """The value of a variable or a flag."""
    return HIDDEN if text and text not in ("true", "false") and names_credential(name) else _text(name, text, depth)


def _text(name: str, text: str, depth: int) -> str:
    """A text without credentials; all of it where its name says that it is one."""
    head = f"{as_latin(name)}="
    if name and text and redact(head + "x") != head + "x":
        return HIDDEN
    if text.lstrip()[:1] in ("{", "["):
        text = _json(text, depth)
    elif "\n" in text:
        text = _PAIR.sub(_unless_credential, _LINE.sub(_unless_credential, text))
    return redact(without_passwords(text))


def _json(text: str, depth: int) -> str:
    """A text in JSON, such as an object that was applied, without the credentials in it; as it is where there are none."""
    try:
        value = _anything.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return text
    shown = _without_secrets("", value, depth + 1)
    return text if shown == value else msgspec.json.encode(shown).decode()


def _unless_credential(match: re.Match[str]) -> str:
    return f"{match[1]}{HIDDEN}" if names_credential(match[2]) else match[0]
