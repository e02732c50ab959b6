"""The flags of settings, as their declarations have them: none stands in a second list."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import msgspec

from tui.cli.flags import duration
from tui.settings.declared import Declaration, Form, declared
from tui.settings.hosts import holds_user, registry_host
from tui.settings.settings import Settings

__all__ = ["add_setting_flags", "given_settings"]


def add_setting_flags(parser: argparse.ArgumentParser, struct: type[msgspec.Struct] = Settings) -> None:
    """Add the flags of every setting that has some; what is not given stays None."""
    for declaration in declared(struct):
        setting = declaration.setting
        if not setting.flags:
            continue
        options: dict[str, Any] = {"dest": declaration.name, "default": None, **_behaviour(declaration)}
        parser.add_argument(*setting.flags, help=setting.flag_help or setting.help, **options)
        flag, words = setting.opposite
        if flag:
            parser.add_argument(flag, dest=declaration.name, action="store_false", default=None, help=words)


def _behaviour(declaration: Declaration) -> dict[str, object]:
    """What argparse does with the flag of a setting of this type."""
    setting = declaration.setting
    if declaration.kind is bool:
        return {"action": "store_false" if declaration.default else "store_true"}
    if declaration.is_list:
        return {"action": "append", "metavar": setting.metavar}
    if declaration.values is not None:
        return {"choices": tuple(declaration.values)}
    kind = {"type": duration} if setting.form is Form.DURATION else {}
    return {"metavar": setting.metavar, "choices": setting.choices or None, **kind}


def given_settings(flags: argparse.Namespace, struct: type[msgspec.Struct] = Settings) -> dict[str, object]:
    """What was given, by the names of the settings. Raises UsageError."""
    values = {
        declaration.name: _value(declaration, getattr(flags, declaration.name))
        for declaration in declared(struct)
        if declaration.setting.flags
    }
    return {name: value for name, value in values.items() if value is not None}


def _value(declaration: Declaration, flag_value: Any) -> object:
    if flag_value is None:
        return None
    if declaration.values is not None:
        return declaration.values(flag_value)
    if not declaration.is_list:
        return flag_value
    match declaration.setting.form:
        case Form.HOST:
            return _hosts(flag_value, declaration.setting.flags[0])
        case Form.PATH:
            return tuple(dict.fromkeys(flag_value))  # a comma may stand in the name of a file
        case _:
            return tuple(dict.fromkeys(part for value in flag_value for part in value.split(",") if part))


def _hosts(values: Sequence[str], flag: str) -> tuple[str, ...]:
    """The registries named. Raises UsageError, also for an address with a comma in it."""
    parts = [part for value in values for part in ([value] if holds_user(value) else value.split(","))]
    return tuple(dict.fromkeys(registry_host(part.strip(), flag) for part in parts))
