"""The queue of work: order, each once, never two on one, bounded workers, idle."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tui.sources.kit.workqueue import WorkQueue


async def drained(queue: WorkQueue[str]) -> list[str]:
    """Everything that waits, in the order in which it is served."""
    served: list[str] = []

    async def serve(key: str) -> None:
        served.append(key)

    task = asyncio.create_task(queue.work(serve))
    async with asyncio.timeout(10):
        await queue.quiet()
    task.cancel()
    await asyncio.wait({task})
    return served


async def test_the_most_urgent_is_first_and_equals_come_in_the_order_of_asking() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for key, priority in (("rest", 3), ("a", 1), ("b", 1), ("opened", 0)):
        queue.put(key, priority)
    assert await drained(queue) == ["opened", "a", "b", "rest"]


async def test_asking_again_costs_nothing_and_can_only_make_it_more_urgent() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.put("a", 1)
    queue.put("b", 3)
    queue.put("a", 3)
    queue.put("b", 0)
    queue.hurry("c", 0)
    assert queue.left == 2
    assert await drained(queue) == ["b", "a"]


async def test_what_is_asked_for_while_it_is_worked_on_is_worked_on_once_more_and_not_at_the_same_time() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.put("a")
    assert await queue.get() == "a"
    queue.put("a", 1)
    queue.put("a", 2)
    queue.hurry("a", 0)
    queue.put("b", 3)
    assert await queue.get() == "b"
    queue.done("b")
    assert (queue.idle, queue.left, "a" in queue) == (False, 1, True)
    queue.done("a")
    assert await drained(queue) == ["a"]
    assert queue.idle


async def test_what_nobody_works_on_any_more_waits_again() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.put("a", 2)
    queue.put("b", 1)
    await queue.get()
    queue.resume()
    assert await drained(queue) == ["b", "a"]


async def test_there_are_never_more_workers_than_asked_for_and_an_error_ends_them() -> None:
    queue: WorkQueue[int] = WorkQueue()
    busy, most = 0, 0

    async def serve(number: int) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        busy -= 1
        if number == 9:
            raise ValueError(number)

    for number in range(10):
        queue.put(number)
    try:
        async with asyncio.timeout(10):
            await queue.work(serve, 3)
    except* ValueError:
        pass
    assert (most, queue.idle) == (3, True)


@examples(60)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("put", "get", "done", "hurry", "resume")), st.integers(0, 4), st.integers(0, 3)), max_size=60
    )
)
def test_whatever_was_asked_for_is_served_after_it_was_asked_for_and_never_twice_at_once(
    steps: list[tuple[str, int, int]],
) -> None:
    async def play() -> None:
        queue: WorkQueue[int] = WorkQueue()
        owed: set[int] = set()
        busy: Counter[int] = Counter()
        for step, key, priority in steps:
            match step:
                case "put":
                    queue.put(key, priority)
                    owed.add(key)
                case "hurry":
                    queue.hurry(key, priority)
                case "get" if queue.left > busy.total():
                    taken = await queue.get()
                    owed.discard(taken)
                    busy[taken] += 1
                    assert max(busy.values()) == 1
                case "done" if busy[key]:
                    busy[key] = 0
                    queue.done(key)
                case "resume":
                    owed |= {each for each, count in busy.items() if count}
                    busy.clear()
                    queue.resume()
                case _:
                    pass
            assert queue.idle == (not owed and not busy.total())
        for key in [each for each, count in busy.items() if count]:
            queue.done(key)
        left = set()
        while not queue.idle:
            left.add(await queue.get())
            for each in left:
                queue.done(each)
        assert left == owed

    asyncio.run(play())
