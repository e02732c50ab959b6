"""A setting is declared once, beside its field: what reads the file, the environment and the flags follows from that.

`info` and the guide follow from it, too. A field says `name: Annotated[type, Setting("what it means", ...)] = default`.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

__all__ = ["Declaration", "Form", "Setting", "declared", "written"]


class Form(StrEnum):
    """How a value is written: as it is, as `30s`, `256MiB`, a path beside the file, several with `:` between, or a registry."""

    PLAIN = "plain"
    DURATION = "duration"
    SIZE = "size"
    PATH = "path"
    SEARCH_PATH = "search path"
    HOST = "host"


class Setting(NamedTuple):
    """What is said of a setting once; the field says its name, its type and its default.

    `flags` are its names on the command line, `metavar` stands for the value there, `flag_help` says what the flag does where
    that is not what `help` says of the setting; `opposite` is a flag that turns it off, with its help. `choices` may be written,
    where the type does not tell. `variable` is that of the environment. `in_file` says whether the file may hold it, `in_demo`
    whether what the file says counts in the demo. `written` is the type in the file where it is another one. What is `secret` is
    shown nowhere.
    """

    help: str
    form: Form = Form.PLAIN
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    flag_help: str = ""
    opposite: tuple[str, str] = ("", "")
    choices: tuple[str, ...] = ()
    variable: str = ""
    in_file: bool = True
    in_demo: bool = False
    written: object = None
    secret: bool = False


class Declaration(NamedTuple):
    """A setting with its name, its type (`kind`, without None) and its default."""

    name: str
    kind: object
    default: object
    setting: Setting

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return get_origin(self.kind) is tuple

    @property
    def values(self) -> type[StrEnum] | None:
        """The closed set of its values, where there is one."""
        return self.kind if isinstance(self.kind, type) and issubclass(self.kind, StrEnum) else None


@cache
def declared(struct: type[msgspec.Struct]) -> tuple[Declaration, ...]:
    """The settings that a struct declares, in their order."""
    hints = get_type_hints(struct, include_extras=True)
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    return tuple(
        Declaration(name, _bare(hints[name]), _default(field), _setting(struct, name, hints[name]))
        for name, field in fields.items()
    )


@cache
def written(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The struct of a table as it is written in the file: durations and sizes are text, tables are read one by one."""
    hints = get_type_hints(struct, include_extras=True)
    fields: list[tuple[str, object, object]] = []
    for name, _, default, setting in declared(struct):
        if setting.in_file:
            kind = setting.written or (object if setting.form in (Form.DURATION, Form.SIZE) else hints[name])
            fields.append((name, kind, None if default is msgspec.NODEFAULT else {} if _is_table(kind) else default))
    return msgspec.defstruct(struct.__name__, fields, frozen=True, forbid_unknown_fields=True)


def _setting(struct: type[msgspec.Struct], name: str, hint: object) -> Setting:
    setting = next((annotation for annotation in getattr(hint, "__metadata__", ()) if isinstance(annotation, Setting)), None)
    if setting is None:
        raise TypeError(f"{struct.__name__}.{name} is not declared as a setting")
    return setting


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _bare(hint: object) -> object:
    """A type without what is annotated, and without None."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return _bare(kinds[0]) if len(kinds) == 1 else hint
    return hint


def _is_table(kind: object) -> bool:
    return get_origin(kind) is dict
