"""Watches: what is told, what ends them, and what is kept through every end."""

from __future__ import annotations

import json
from pathlib import Path

from tests.sources.cluster.apiserver import (
    PODS,
    ApiServer,
    bookmark,
    event,
    hang,
    lines,
    owned,
    page,
    pod,
    refuse,
    status,
    write_kubeconfig,
)
from tests.sources.cluster.follow import options, pod_names, pods, until, until_health
from tui.domain.facts.events import Event, ListCompleted, ObjectGone, PodsSeen, SourceState
from tui.domain.facts.workload import Resource
from tui.sources.cluster import ClusterSource


def completed(events: list[Event], times: int) -> bool:
    return sum(isinstance(event, ListCompleted) and event.resource is Resource.PODS for event in events) == times


async def test_additions_changes_and_deletions_are_told(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")], version="10"))
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    added, changed = event("ADDED", pod("b", version="11")), event("MODIFIED", pod("a", version="12", state=waiting))
    server.watches(PODS, lines(added, changed, event("DELETED", pod("b", version="13"))))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        events = await until(source, lambda events: isinstance(events[-1], ObjectGone))
    gone = events[-1]
    assert isinstance(gone, ObjectGone)
    assert gone.uid == "uid-b"
    assert pods(events)[-1].containers[0].reason in {"CrashLoopBackOff", ""}
    assert server.asked(PODS, watch=True)[0]["resourceVersion"] == "10"


async def test_a_burst_tells_each_pod_once(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")]))
    changes = [event("MODIFIED", pod("a", version=str(n), state={"waiting": {"reason": f"R{n}"}})) for n in range(50)]
    burst = b"".join(json.dumps(change).encode() + b"\n" for change in [*changes, event("ADDED", pod("z"))])
    server.watches(PODS, lines(burst))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        events = await until(source, lambda events: "z" in pod_names(events))
    told = [event for event in events if isinstance(event, PodsSeen)]
    assert len(told) < 6
    assert [pod for pod in pods(events) if pod.name == "a"][-1].containers[0].reason == "R49"


async def test_flipping_between_the_two_words_for_a_failed_pull_is_silent(tmp_path: Path) -> None:
    """Seen on the real server: pods that cannot pull flip between ErrImagePull and ImagePullBackOff for ever."""
    server = ApiServer()
    words = ["ErrImagePull", "ImagePullBackOff"]
    flips = [event("MODIFIED", pod("a", version=str(n), state={"waiting": {"reason": words[n % 2]}})) for n in range(20)]
    server.lists(PODS, page([pod("a", state={"waiting": {"reason": words[1]}})]))
    server.watches(PODS, lines(*flips, event("ADDED", pod("z"))))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        events = await until(source, lambda events: "z" in pod_names(events))
    assert pod_names(events) == ["a", "z"]


async def test_a_closed_watch_goes_on_from_the_last_bookmark(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([], version="10"))
    server.watches(PODS, lines(bookmark("77"), then="close"), lines(event("ADDED", pod("b"))))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        await until(source, lambda events: "b" in pod_names(events))
    assert [query["resourceVersion"] for query in server.asked(PODS, watch=True)] == ["10", "77"]
    assert len(server.asked(PODS)) == 1


async def test_a_watch_cut_in_the_middle_of_a_line_loses_nothing(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([], version="10"))
    first, half = event("ADDED", pod("a", version="11")), json.dumps(event("ADDED", pod("b", version="12"))).encode()
    server.watches(PODS, lines(first, half[:100], then="cut"), lines(event("ADDED", pod("b", version="12"))))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        events = await until(source, lambda events: "b" in pod_names(events))
    assert pod_names(events) == ["a", "b"]
    assert [query["resourceVersion"] for query in server.asked(PODS, watch=True)] == ["10", "11"]


async def test_a_line_may_come_in_pieces(tmp_path: Path) -> None:
    server = ApiServer()
    whole = json.dumps(event("ADDED", pod("a"))).encode() + b"\n"
    server.watches(PODS, lines(whole[:20], whole[20:200], whole[200:]))
    async with server.running():
        events = await until(
            ClusterSource(options(write_kubeconfig(tmp_path, server.url))), lambda events: "a" in pod_names(events)
        )
    assert pod_names(events) == ["a"]


async def test_silence_reopens_the_watch_without_a_new_list(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([], version="10"))
    server.watches(PODS, hang(), lines(event("ADDED", pod("b"))))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), silence=0.1))
        await until(source, lambda events: "b" in pod_names(events))
    assert len(server.asked(PODS)) == 1


async def test_an_error_event_with_410_lists_anew(tmp_path: Path) -> None:
    """The real server answers a watch that is too old with HTTP 200 and an ERROR event of code 410."""
    server = ApiServer()
    server.lists(PODS, page([pod("a"), pod("b")], version="10"), page([pod("a")], version="20"))
    server.watches(PODS, lines(event("ERROR", status(410, "Expired", "too old resource version: 10 (15)"))), hang())
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        events = await until(source, lambda events: completed(events, 2))
    last = events[-1]
    assert isinstance(last, ListCompleted)
    assert last.generation == 2


async def test_an_http_410_lists_anew(tmp_path: Path) -> None:
    server = ApiServer()
    server.watches(PODS, refuse(410, "Gone"), hang())
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        await until(source, lambda events: completed(events, 2))


async def test_events_before_an_error_in_the_same_burst_are_told(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([], version="10"))
    both = [event("ADDED", pod("a", version="11")), event("ERROR", status(500, "InternalError", "boom"))]
    server.watches(PODS, lines(b"".join(json.dumps(item).encode() + b"\n" for item in both)), hang())
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        await until(source, lambda events: "a" in pod_names(events))


async def test_an_unreadable_event_is_counted_and_the_next_one_told(tmp_path: Path) -> None:
    server = ApiServer()
    server.watches(PODS, lines(event("ADDED", {"metadata": {"name": 7}}), event("ADDED", pod("b"))))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.state is SourceState.PARTIAL)
    assert health.denials[0].what == "1 of the pods"


async def test_garbage_in_a_watch_lists_anew(tmp_path: Path) -> None:
    server = ApiServer()
    server.watches(PODS, lines(b"<html>\n"), lines(b'{"type":"ADDED","object":' + b"[" * 100_000 + b"\n"), hang())
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        await until(source, lambda events: completed(events, 3))


async def test_a_server_that_goes_away_is_said_to_be_gone_and_facts_stay(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")], version="10"), refuse(503, "ServiceUnavailable", "shutting down"))
    down = refuse(503, "ServiceUnavailable", "shutting down")
    server.watches(PODS, lines(bookmark("11"), then="close"), down)
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        health = await until_health(source, lambda health: health.state is SourceState.FAILED)
    assert "503" in health.error
    assert "No answer since" in health.error
    assert (health.objects, health.live) == (1, False)


async def test_a_change_of_nothing_that_is_known_is_not_told(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a")]))
    server.watches(
        PODS, lines(event("MODIFIED", pod("a", version="12", annotations={"touched": "yes"})), event("ADDED", pod("b")))
    )
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        events = await until(source, lambda events: "b" in pod_names(events))
    assert pod_names(events) == ["a", "b"]


async def test_closing_the_source_ends_every_watch(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(PODS, page([pod("a", ownerReferences=owned("rs"))]))
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(tmp_path, server.url)))
        await until_health(source, lambda health: health.live)
    # `running` waits for its connections: it would not end with one left open.
