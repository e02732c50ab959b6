"""Rows that are kept: whether what is read was found out ahead of time makes no difference but in time."""

from __future__ import annotations

from weakref import ref

import pytest

from tui.domain.common.memo import Memo, Rows, Shared, SharedByIdentity, Trace, WeakMemo


@pytest.mark.parametrize("ahead", [False, True])
def test_a_row_is_made_again_when_what_it_reads_changes(ahead: bool) -> None:
    trace, numbers = Trace(), {"a": 1, "b": 2}

    def doubled(key: str) -> int:
        trace.reads.add(("number", key))
        return 2 * numbers[key]

    rows: Rows[str, int] = Rows(trace, doubled)
    rows.refresh((), numbers)
    if ahead:
        assert trace.settle()
        assert not trace.settle(), "who reads what is found out once"
    numbers["b"] = 3
    assert rows.refresh({("number", "b"), ("number", "a")}) == {"b"}
    assert rows.values == {"a": 2, "b": 6}


def test_tables_settle_one_at_a_time_and_empty_ones_need_not() -> None:
    trace = Trace()

    def read(key: int) -> int:
        trace.reads.add(str(key))
        return key

    tables: list[Rows[int, int]] = [Rows(trace, read) for _ in range(3)]
    for table in tables[:2]:
        table.refresh((), [1, 2])
    assert [trace.settle() for _ in range(3)] == [True, True, False]


def test_equal_values_become_one_object_while_they_are_few() -> None:
    shared: Shared[tuple[int, ...]] = Shared(most=2)
    first = shared.one(tuple(range(2)))
    assert shared.one(tuple(range(2))) is first
    assert [shared.one((number,)) for number in range(5)] == [(number,) for number in range(5)]


def test_what_follows_from_an_object_is_never_that_of_another_in_its_place() -> None:
    made: list[int] = []

    def length(items: list[int]) -> int:
        made.append(len(items))
        return len(items)

    lengths = SharedByIdentity(length)
    kept = [1, 2]
    assert [lengths.get(kept), lengths.get(kept), lengths.get([1, 2])] == [2, 2, 2]
    assert made == [2, 2], "equal, but another one"
    assert [lengths.get([0] * number) for number in range(50)] == list(range(50))


class Compared:
    """A key of a memo: while it is compared, another thread asks for something else."""

    def __init__(self, memo: Memo[str]) -> None:
        self.is_compared, self.memo = False, memo

    def __eq__(self, other: object) -> bool:
        if not self.is_compared:
            self.is_compared = True
            self.memo.get("other", lambda: "other")
        return other is self

    def __hash__(self) -> int:
        return id(self)


def test_a_memo_gives_each_thread_its_own_answer() -> None:
    memo: Memo[str] = Memo()
    key = Compared(memo)
    assert memo.get(key, lambda: "own") == "own"
    assert memo.get(key, lambda: "own") == "own"


class Estate:
    """Something large that an answer follows from."""


def test_a_weak_memo_answers_once_for_an_object_and_keeps_neither_it_nor_the_answer() -> None:
    memo: WeakMemo[Estate, Estate] = WeakMemo()
    estate = Estate()
    answer = memo.get(estate, Estate)
    assert memo.get(estate, Estate) is answer
    assert memo.get(Estate(), Estate) is not answer
    answer = memo.get(estate, Estate)
    last = ref(estate), ref(answer)
    del estate, answer
    assert [part() for part in last] == [None, None]
