"""Lists in pages: order, generations, and everything that can interrupt them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sources.cluster.apiserver import PODS, ApiServer, body, cut, page, pod, refuse, silent, write_kubeconfig
from tests.sources.cluster.follow import options, pod_names, until, until_health
from tui.domain.facts.events import Event, HealthChanged, ListCompleted, PodsSeen, SourceState
from tui.domain.facts.workload import Resource
from tui.sources.cluster import ClusterSource


def listed(events: list[Event], resource: Resource = Resource.PODS) -> bool:
    last = events[-1]
    return isinstance(last, ListCompleted) and last.resource is resource


def partial(events: list[Event]) -> bool:
    last = events[-1]
    return isinstance(last, HealthChanged) and last.health.state is SourceState.PARTIAL


async def test_pages_are_told_one_by_one_then_the_list_is_complete(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")], token="t1", remaining=1), page([pod("b")]))
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), listed)
    seen = [event for event in events if isinstance(event, PodsSeen)]
    assert [[p.name for p in event.pods] for event in seen] == [["a"], ["b"]]
    assert {event.generation for event in seen} == {1}
    assert server.asked(PODS) == [{"limit": "500"}, {"limit": "500", "continue": "t1"}]


async def test_the_second_run_goes_on_counting_generations(tmp_path: Path) -> None:
    server = ApiServer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        await until(source, listed)
        events = await until(source, listed)
    last = events[-1]
    assert isinstance(last, ListCompleted)
    assert last.generation == 2


async def test_everything_listed_and_watched_is_ok_and_live(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")]))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.state is SourceState.OK)
    assert health.live
    assert (health.objects, health.requests > 17, health.denials) == (1, True, ())


async def test_progress_counts_what_the_server_says_remains(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")], token="t1", remaining=3), silent())
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: bool(health.progress) and health.progress[0].done == 1)
    assert (health.state, health.progress[0].unit, health.progress[0].total) == (SourceState.LOADING, "pods", 4)


async def test_a_page_cut_in_the_middle_is_asked_for_again(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")], token="t1"), cut(b'{"metadata":{},"items":[{'), page([pod("b")]))
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), listed)
    assert pod_names(events) == ["a", "b"]
    assert [query.get("continue") for query in server.asked(PODS)] == [None, "t1", "t1"]


async def test_a_list_that_ends_before_all_that_is_said_to_follow_is_not_whole(tmp_path: Path) -> None:
    """api-concepts, `remainingItemCount`: unset on the last page."""
    short, later = ApiServer(), ApiServer()
    short.lists(PODS, page([pod("a")], remaining=2))
    later.lists(PODS, page([pod("a")], remaining=1), page([pod("a"), pod("b")], remaining=0))
    async with short.running(), later.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, short.url)))
        health = await until_health(source, lambda health: bool(health.error))
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, later.url))), listed)
    assert health.state in (SourceState.PARTIAL, SourceState.FAILED)
    assert "ends its list of pods although 2 more are said to follow" in health.error
    last = events[-1]
    assert isinstance(last, ListCompleted)
    assert (pod_names(events), last.generation) == (["a", "a", "b"], 2)


async def test_a_lost_position_begins_a_new_generation(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")], token="t1"), refuse(410, "Expired"), page([pod("b")]))
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), listed)
    last = events[-1]
    assert isinstance(last, ListCompleted)
    assert (pod_names(events), last.generation) == (["a", "b"], 2)


async def test_a_410_with_a_fresh_token_reads_on_and_then_lists_once_more(tmp_path: Path) -> None:
    """kube-apiserver after compaction and a restart: 410 whose metadata.continue reads an inconsistent rest."""
    server = ApiServer()
    gone = refuse(410, "Expired", metadata={"continue": "t2"})
    server.lists(PODS, page([pod("a")], token="t1"), gone, page([pod("b")]), page([pod("b"), pod("c")]))
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), listed)
    last = events[-1]
    assert isinstance(last, ListCompleted)
    assert (pod_names(events), last.generation) == (["a", "b", "b", "c"], 2)
    assert [query.get("continue") for query in server.asked(PODS)] == [None, "t1", "t2", None]


@pytest.mark.parametrize("headers", [{"Retry-After": "0"}, {}])
async def test_429_is_waited_out(tmp_path: Path, headers: dict[str, str]) -> None:
    server = ApiServer()
    server.lists(PODS, refuse(429, "TooManyRequests", headers=headers), page([pod("a")]))
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), listed)
    assert pod_names(events) == ["a"]


async def test_a_wait_that_the_server_asks_for_is_shown(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, refuse(429, "TooManyRequests", headers={"Retry-After": "7"}))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: bool(health.progress) and health.progress[0].waiting > 0)
    assert (health.progress[0].waiting, health.state) == (7.0, SourceState.FAILED)


HOSTILE = {
    "not json": b"<html>Please sign in</html>",
    "no list": b'{"kind":"Pod"}',
    "wrong types": b'{"metadata":{"resourceVersion":5},"items":{}}',
    "deep": b'{"metadata":{},"items":' + b"[" * 100_000,
    "bad utf-8": b'{"metadata":{"resourceVersion":"\xff\xfe"},"items":[]}',
    "empty": b"",
    "no version": b'{"metadata":{},"items":[]}',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_body_fails_the_source_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    server = ApiServer()
    server.lists(PODS, body(content))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.state is SourceState.FAILED)
    assert "127.0.0.1" in health.error
    assert health.remedy


async def test_one_broken_pod_costs_itself_only(tmp_path: Path) -> None:
    server = ApiServer()
    broken = pod("bad") | {"spec": {"containers": "none"}}
    server.lists(PODS, page([pod("a"), broken, pod("b")]))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        events = await until(source, partial)
    assert pod_names(events) == ["a", "b"]
    assert not any(isinstance(event, ListCompleted) and event.resource is Resource.PODS for event in events)


async def test_escapes_in_names_and_messages_are_made_harmless(tmp_path: Path) -> None:
    server = ApiServer()
    state = {"waiting": {"reason": "Bad\x1b[2J", "message": "\u202eevil\r\n" + "x" * 9999}}
    server.lists(PODS, page([pod("a\x1b[31m", state=state)]))
    async with server.running():
        events = await until(ClusterSource(options(write_kubeconfig(tmp_path, server.url))), listed)
    text = json.dumps([str(event) for event in events], ensure_ascii=False)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text) < 5000
