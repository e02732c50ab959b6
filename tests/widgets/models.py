"""Small tree models for the tests of widgets."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeAlias

from widgets.rows import Column, Row, RowKey, Span

Shape: TypeAlias = "Mapping[str, Shape]"


class NestedModel:
    """A model over nested mappings: the key parts are the names; counts how often rows are asked for."""

    def __init__(self, shape: Shape, states: Mapping[RowKey, str] | None = None) -> None:
        self.shape = shape
        self.states = dict(states or {})
        self.asked: list[RowKey] = []

    def columns(self) -> Sequence[Column]:
        return (Column("name", share=3), Column("state", from_width=30), Column("pods", 5, right=True))

    def roots(self) -> Sequence[RowKey]:
        return [(name,) for name in self.shape]

    def children(self, key: RowKey) -> Sequence[RowKey]:
        return [(*key, name) for name in self._at(key)]

    def has_children(self, key: RowKey) -> bool:
        return bool(self._at(key))

    def row(self, key: RowKey) -> Row:
        self.asked.append(key)
        name = str(key[-1])
        return Row(Span("x", "fail"), ((Span(name),), (Span(self.states.get(key, ""), "warn"),), (Span(str(len(name)), "dim"),)))

    def identity(self, key: RowKey) -> RowKey:
        return key

    def find(self, identity: RowKey) -> RowKey | None:
        shape = self.shape
        for part in identity:
            if str(part) not in shape:
                return None
            shape = shape[str(part)]
        return identity

    def _at(self, key: RowKey) -> Shape:
        shape = self.shape
        for part in key:
            shape = shape[str(part)]
        return shape


class WideModel:
    """A model of `groups` roots with `each` children, made on demand."""

    def __init__(self, groups: int, each: int) -> None:
        self.groups = groups
        self.each = each

    def columns(self) -> Sequence[Column]:
        return (
            Column("image, base first"),
            Column("state"),
            Column("subtree", 8, from_width=90),
            Column("imgs", 5, right=True, from_width=90),
            Column("pods", 6, right=True),
            Column("age", 5, right=True, from_width=90),
        )

    def roots(self) -> Sequence[RowKey]:
        return [(f"base/{number:04}",) for number in range(self.groups)]

    def children(self, key: RowKey) -> Sequence[RowKey]:
        return [(*key, f"app-{number:04}") for number in range(self.each)] if len(key) == 1 else []

    def identity(self, key: RowKey) -> RowKey:
        return key

    def find(self, identity: RowKey) -> RowKey | None:
        return identity

    def has_children(self, key: RowKey) -> bool:
        return len(key) == 1 and self.each > 0

    def row(self, key: RowKey) -> Row:
        name = str(key[-1])
        bar = (Span("▄▄", "fail"), Span("▄▄▄▄▄▄", "pass"))
        state = (Span("moved 3 d ago", "warn"),) if int(name[-4:]) % 3 == 0 else ()
        return Row(
            Span("✘", "fail"),
            ((Span(f"{name}:1.8.2"),), state, bar, (Span("412", "dim"),), (Span("1,914"),), (Span("3d", "dim"),)),
        )


def leaves(*names: Hashable) -> Shape:
    """Rows without children."""
    return {str(name): {} for name in names}


class MovingModel(NestedModel):
    """A model whose rows are who they are by their own name, whatever they stand under."""

    def identity(self, key: RowKey) -> RowKey:
        return key[-1:]

    def find(self, identity: RowKey) -> RowKey | None:
        return next((place for place in _places(self.shape, ()) if place[-1:] == identity), None)


def _places(shape: Shape, path: RowKey) -> Iterator[RowKey]:
    for name, inside in shape.items():
        yield (*path, name)
        yield from _places(inside, (*path, name))
