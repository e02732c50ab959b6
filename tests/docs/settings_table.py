"""The guide's tables of settings, made from their declarations: `python -m tests.docs` writes them into the guide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

import msgspec

from tui.settings.declared import Declaration, Form, declared
from tui.settings.settings import Settings

__all__ = ["GUIDE", "settings_tables", "shown_tables"]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
_BEGIN, _END = "<!-- settings: made by `python -m tests.docs` -->\n", "<!-- end of settings -->\n"


def shown_tables(text: str) -> str:
    """The tables that a guide shows."""
    return text.partition(_BEGIN)[2].partition(_END)[0]


def with_tables(text: str) -> str:
    """The guide with the tables as they are declared."""
    before, _, rest = text.partition(_BEGIN)
    return f"{before}{_BEGIN}{settings_tables()}{_END}{rest.partition(_END)[2]}"


def settings_tables(struct: type[msgspec.Struct] = Settings) -> str:
    """Every setting of a struct, then those of the tables in it, each table once."""
    shown: list[type[msgspec.Struct]] = []
    parts = []
    for inner, path in ((struct, ""), *_inside(struct)):
        if not any(issubclass(before, inner) for before in shown):
            shown.append(inner)
            parts.append(_table(inner, path))
    return "\n".join(parts)


def _inside(struct: type[msgspec.Struct], path: str = "") -> Iterator[tuple[type[msgspec.Struct], str]]:
    """The tables in a table, each with its path."""
    for name, kind, _, _ in declared(struct):
        for inner in (kind, *get_args(kind)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                below = f"{path}.{name}".lstrip(".") + ('."..."' if get_origin(kind) is dict else "")
                yield inner, below
                yield from _inside(inner, below)


def _table(struct: type[msgspec.Struct], path: str) -> str:
    title = f"`[{path}]`\n\n" if path else ""
    rows = "".join(f"| {' | '.join(_cells(declaration, flags=not path))} |\n" for declaration in declared(struct))
    head = ("setting", "default", *(() if path else ("elsewhere",)), "what it is")
    return f"{title}| {' | '.join(head)} |\n|{'---|' * len(head)}\n{rows}"


def _cells(declaration: Declaration, *, flags: bool) -> Iterator[str]:
    setting = declaration.setting
    names = [f"{flag} {setting.metavar}" if setting.metavar else flag for flag in (*setting.flags, setting.opposite[0]) if flag]
    values = f": {', '.join(declaration.values)}" if declaration.values is not None else ""
    yield f"`{declaration.name}`" if setting.in_file else "(not in the file)"
    yield _default(declaration)
    if flags:
        yield ", ".join(f"`{name}`" for name in (*names, setting.variable) if name)
    yield f"{setting.help}{values}"


def _default(declaration: Declaration) -> str:
    match declaration.default:
        case bool():
            return str(declaration.default).lower()
        case str() if declaration.default:
            return f"`{declaration.default}`"
        case int() if declaration.setting.form is Form.SIZE:
            return f"`{declaration.default >> 20}MiB`"
        case _:
            return ""
