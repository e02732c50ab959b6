"""The settings in force: the TOML file, then the environment, then the command line; the later one counts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tui.errors import InvalidConfig
from tui.settings.declared import Declaration, declared
from tui.settings.settings import Settings, paths

__all__ = ["load"]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


def load(flags: Mapping[str, object], environment: Mapping[str, str] | None = None, path: str = "") -> Settings:
    """The settings from the file, the environment and flags (by field name, what was not given left out). Raises InvalidConfig.

    `path` or `TRUSTREE_CONFIG` names the file, which must then exist; otherwise the usual one is read when it is there.
    """
    environment = os.environ if environment is None else environment
    file_name = path or environment.get("TRUSTREE_CONFIG", "")
    file = Path(file_name).expanduser() if file_name else paths().config
    values = _file_values(file, must_exist=bool(file_name))
    if flags.get("demo"):
        values = {name: value for name, value in values.items() if name in _in_demo()}
    values |= _environment_values(environment)
    return _agreed(msgspec.structs.replace(Settings(), **(values | dict(flags))), flags)


def _agreed(settings: Settings, flags: Mapping[str, object]) -> Settings:
    """Settings without contradictions: what a flag says beats what the file says on the same matter."""
    contexts = settings.context
    if flags.get("all_namespaces") or (settings.all_namespaces and "namespaces" not in flags):
        settings = msgspec.structs.replace(settings, namespaces=())
        contexts = {name: msgspec.structs.replace(context, namespaces=()) for name, context in contexts.items()}
    elif "namespaces" in flags:
        contexts = {name: msgspec.structs.replace(context, namespaces=()) for name, context in contexts.items()}
        settings = msgspec.structs.replace(settings, all_namespaces=False)
    if "contexts" in flags and "all_contexts" not in flags:
        settings = msgspec.structs.replace(settings, all_contexts=False)
    if flags.get("write") is False:
        contexts = {name: msgspec.structs.replace(context, write=False) for name, context in contexts.items()}
        registries = {name: msgspec.structs.replace(registry, write=False) for name, registry in settings.registry.items()}
        builders = {name: msgspec.structs.replace(builder, write=False) for name, builder in settings.builder.items()}
        settings = msgspec.structs.replace(settings, registry=registries, builder=builders)
    return msgspec.structs.replace(settings, context=contexts)


def _file_values(file: Path, *, must_exist: bool) -> dict[str, object]:
    if not must_exist and not file.exists():
        return {}
    from tui.settings.toml import content_of

    other = "Name another with --config or TRUSTREE_CONFIG."
    if not must_exist and file.is_symlink():
        raise InvalidConfig(f"{file} is a link: what it leads to was not named.", f"Name the file itself. {other}")
    content = content_of(file, other, f"Make it readable. {other}")
    from tui.settings.file import read

    return {**read(content, str(file)), "source": str(file)}


def _in_demo() -> frozenset[str]:
    """What the file says that counts in the demo, too: the rest is about an estate of the operator's own."""
    return frozenset(declaration.name for declaration in declared(Settings) if declaration.setting.in_demo)


def _environment_values(environment: Mapping[str, str]) -> dict[str, object]:
    """What the environment says; which file is read is not among it."""
    values: dict[str, object] = {}
    for declaration in declared(Settings):
        text = environment.get(declaration.setting.variable, "") if declaration.setting.variable else ""
        if text and declaration.name != "source":
            values[declaration.name] = _environment_value(declaration, text)
    return values


def _environment_value(declaration: Declaration, text: str) -> object:
    variable = declaration.setting.variable
    if (values := declaration.values) is not None:
        if text.lower() not in tuple(values):
            noun = declaration.name.replace("_", " ")
            raise InvalidConfig(f"{variable} is not a {noun}.", f"It is one of {', '.join(values)}.")
        return values(text.lower())
    if declaration.kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise InvalidConfig(f"{variable} is neither true nor false.", "Set it to 1 or 0.")
        return text.lower() in _TRUE
    return text
