"""The outline alone: folding, the cursor, and the law of reconciling."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.laws import examples
from tests.widgets.models import MovingModel, NestedModel, Shape, leaves
from widgets.outline import Outline
from widgets.rows import RowKey

NAMES = st.sampled_from("abcd")
SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


def exists(shape: Shape, key: RowKey) -> bool:
    for part in key:
        if part not in shape:
            return False
        shape = shape[str(part)]
    return True


def expected_rows(shape: Shape, expanded: frozenset[RowKey], path: RowKey = ()) -> list[RowKey]:
    """The plain definition of what is visible."""
    rows: list[RowKey] = []
    for name, inside in shape.items():
        key = (*path, name)
        rows.append(key)
        if key in expanded:
            rows += expected_rows(inside, expanded, key)
    return rows


def test_rows_under_a_folded_row_are_not_shown_and_stay_open_inside() -> None:
    outline = Outline(NestedModel({"a": {"b": leaves("c")}, "d": {}}))
    assert outline.unfold(0)
    assert outline.unfold(1)
    assert outline.rows == [("a",), ("a", "b"), ("a", "b", "c"), ("d",)]
    assert outline.fold(0)
    assert outline.rows == [("a",), ("d",)]
    assert outline.unfold(0)
    assert outline.rows == [("a",), ("a", "b"), ("a", "b", "c"), ("d",)]


def test_a_row_without_children_cannot_be_unfolded() -> None:
    outline = Outline(NestedModel(leaves("a")))
    assert not outline.unfold(0)
    assert not outline.fold(0)
    assert outline.expanded == frozenset()


def test_folding_a_row_above_takes_the_cursor_to_it() -> None:
    outline = Outline(NestedModel({"a": leaves("b", "c"), "d": {}}))
    outline.unfold(0)
    outline.cursor = 2
    outline.fold(0)
    assert outline.cursor_key == ("a",)


def test_folding_a_row_further_up_keeps_the_cursor_on_its_row() -> None:
    outline = Outline(NestedModel({"a": leaves("b", "c"), "d": {}}))
    outline.unfold(0)
    outline.cursor = 3
    outline.fold(0)
    assert outline.cursor_key == ("d",)


def test_when_nothing_of_the_path_survives_the_cursor_keeps_its_place() -> None:
    outline = Outline(NestedModel(leaves("a", "b", "c")))
    outline.cursor = 2
    outline.reconcile(NestedModel(leaves("x", "y")))
    assert outline.cursor_key == ("y",)


def test_revealing_opens_what_is_above() -> None:
    outline = Outline(NestedModel({"a": {"b": leaves("c")}}))
    assert outline.reveal(("a", "b", "c"))
    assert outline.cursor == 2
    assert outline.reveal(("a", "gone", "c"))
    assert outline.cursor == 0
    assert not outline.reveal(("gone",))


def test_a_row_that_stands_under_another_one_now_is_still_that_row() -> None:
    outline = Outline(MovingModel({"a": {}, "b": leaves("c"), "d": {}}))
    outline.cursor = 1
    outline.unfold(1)
    outline.reconcile(MovingModel({"a": {"b": leaves("c")}, "d": {}}))
    assert outline.rows == [("a",), ("a", "b"), ("a", "b", "c"), ("d",)]
    assert outline.cursor == 1
    outline.reconcile(MovingModel({"d": {"a": {"x": {"b": leaves("c")}}}}))
    assert outline.rows[outline.cursor] == ("d", "a", "x", "b")
    assert outline.is_expanded(("d", "a", "x", "b"))


def test_what_is_open_is_opened_where_it_is_now() -> None:
    outline = Outline()
    outline.reconcile(MovingModel({"a": {"b": leaves("c")}}), expanded=[("b",), ("a",)])
    assert outline.rows == [("a",), ("a", "b"), ("a", "b", "c")]


def test_with_their_order_kept_rows_stay_where_they_are_and_new_ones_come_below() -> None:
    outline = Outline()
    outline.reconcile(NestedModel({"b": leaves("y", "z"), "c": {}, "d": {}}), expanded=[("b",)])
    outline.reconcile(NestedModel({"a": {}, "d": {}, "b": leaves("x", "z", "y")}), keep_order=True)
    assert outline.rows == [("b",), ("b", "y"), ("b", "z"), ("b", "x"), ("d",), ("a",)]
    in_order = outline.in_order
    assert not in_order
    outline.reconcile(NestedModel({"a": {}, "d": {}, "b": leaves("x", "z", "y")}))
    assert outline.rows == [("a",), ("d",), ("b",), ("b", "x"), ("b", "z"), ("b", "y")]
    assert outline.in_order


@given(shapes=st.lists(SHAPES, min_size=2, max_size=5), expanded=st.frozensets(st.tuples(NAMES)))
def test_with_their_order_kept_no_two_rows_that_stay_change_places(shapes: list[Shape], expanded: frozenset[RowKey]) -> None:
    outline = Outline()
    outline.reconcile(NestedModel(shapes[0]), expanded=expanded)
    for shape in shapes[1:]:
        before = list(outline.rows)
        outline.reconcile(NestedModel(shape), keep_order=True)
        assert sorted(outline.rows) == sorted(expected_rows(shape, outline.expanded))
        assert [key for key in outline.rows if key in before] == [key for key in before if key in outline.rows]


@examples(60)
@given(before=SHAPES, after=SHAPES, data=st.data())
def test_after_reconciling_the_new_rows_show_with_expansion_and_cursor_kept(
    before: Shape, after: Shape, data: st.DataObject
) -> None:
    outline = Outline(NestedModel(before))
    for _ in range(data.draw(st.integers(0, 6))):
        if outline.rows:
            outline.unfold(data.draw(st.integers(0, len(outline.rows) - 1)))
    if outline.rows:
        outline.cursor = data.draw(st.integers(0, len(outline.rows) - 1))
    key, expanded = outline.cursor_key, outline.expanded
    outline.reconcile(NestedModel(after))
    assert outline.expanded == expanded
    assert outline.rows == expected_rows(after, expanded)
    if key is not None:
        surviving = [key[:length] for length in range(len(key), 0, -1) if exists(after, key[:length])]
        if surviving:
            assert outline.cursor_key == surviving[0]


class OutlineMachine(RuleBasedStateMachine):
    """Folding, moving and reconciling in any order always shows what the definition says."""

    @initialize(shape=SHAPES)
    def start(self, shape: Shape) -> None:
        self.shape = shape
        self.outline = Outline(NestedModel(shape))

    @rule(shape=SHAPES)
    def replace(self, shape: Shape) -> None:
        self.shape = shape
        self.outline.reconcile(NestedModel(shape))

    @precondition(lambda self: bool(self.outline.rows))
    @rule(data=st.data(), action=st.sampled_from(["fold", "unfold", "move"]))
    def act(self, data: st.DataObject, action: str) -> None:
        index = data.draw(st.integers(0, len(self.outline.rows) - 1))
        key = self.outline.cursor_key
        match action:
            case "fold":
                self.outline.fold(index)
            case "unfold":
                self.outline.unfold(index)
                assert self.outline.cursor_key == key
            case _:
                self.outline.cursor = index

    @invariant()
    def shows_what_is_open(self) -> None:
        assert self.outline.rows == expected_rows(self.shape, self.outline.expanded)
        assert not self.outline.rows or 0 <= self.outline.cursor < len(self.outline.rows)


OutlineMachine.TestCase.settings = settings(examples(25), stateful_step_count=15)
TestOutlineMachine = OutlineMachine.TestCase
