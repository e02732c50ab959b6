"""Single objects, and logs of pods: followed over lost connections without a line twice, and each refusal in its own words.

Answers of the server: kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1, and the words of
pkg/kubelet/kubelet_pods.go `validateContainerLogStatus`.
"""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.cluster.apiserver import ApiServer, body, lines, refuse, write_kubeconfig
from tests.sources.cluster.follow import options
from tui.domain.facts.inquiries import PodLog
from tui.domain.facts.workload import ObjectKey
from tui.errors import Forbidden, Inapplicable, NotFound, ServerFault, TrustreeError
from tui.sources.cluster import objects
from tui.sources.cluster.objects import KubeObjects

POD = "/api/v1/namespaces/shop/pods/api-1"
LOG = f"{POD}/log"
API = PodLog("prod", "shop", "api-1", "api")


def reading(server: ApiServer, folder: Path, **more: Any) -> KubeObjects:
    return KubeObjects(options(write_kubeconfig(folder, server.url), **more), "prod")


def pod(state: dict[str, Any], restarts: int = 0) -> bytes:
    status = {"name": "api", "state": state, "restartCount": restarts}
    spec = {"containers": [{"name": "api", "image": "a.io/api:1"}]}
    body = {"kind": "Pod", "metadata": {"name": "api-1", "namespace": "shop"}, "spec": spec}
    return json.dumps({**body, "status": {"containerStatuses": [status]}}).encode()


RUNNING = pod({"running": {"startedAt": "2026-03-14T10:00:00Z"}})
ENDED = pod({"terminated": {"exitCode": 0, "reason": "Completed"}})


def text(*written: str) -> bytes:
    return "".join(f"{line}\n" for line in written).encode()


async def read(objects: KubeObjects, log: PodLog = API) -> list[str]:
    async with aclosing(objects.log(log)) as lines:
        return [line async for line in lines]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has ended is asked again without a wait."""
    monkeypatch.setattr(objects, "PAUSES", (0.0, 0.0))


async def test_an_object_is_as_the_server_has_it(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists("/apis/apps/v1/namespaces/shop/deployments/api", body(b'{"kind":"Deployment"}'))
    async with server.running():
        assert await reading(server, tmp_path).object(ObjectKey("prod", "shop", "Deployment", "api")) == b'{"kind":"Deployment"}'


async def test_an_object_that_is_gone_refused_or_of_an_unknown_kind_says_so(tmp_path: Path) -> None:
    server, key = ApiServer(), ObjectKey("prod", "shop", "Pod", "api-1")
    server.lists(POD, refuse(404, "NotFound", 'pods "api-1" not found'), refuse(403, "Forbidden", "no"))
    async with server.running():
        cluster = reading(server, tmp_path)
        with pytest.raises(NotFound, match=r"Pod api-1 is not there any more\."):
            await cluster.object(key)
        with pytest.raises(Forbidden, match="No right to get pods in namespace shop"):
            await cluster.object(key)
        with pytest.raises(Inapplicable, match="Where a Widget is served is not known here") as raised:
            await cluster.object(ObjectKey("prod", "shop", "Widget", "w"))
        assert raised.value.remedy == "kubectl --context prod --namespace shop get widget/w --output yaml shows it."


async def test_a_log_comes_without_its_times_and_with_what_moves_the_cursor_defused(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(POD, body(RUNNING), body(ENDED))
    written = text("2026-03-14T10:00:01.5Z one", "2026-03-14T10:00:02.25Z \x1b[31mred\x1b[0m", "2026-03-14T12:00:03+02:00 1%\r2%")
    server.lists(LOG, body(written + b"2026-03-14T10:00:04Z without an end", "text/plain"))
    async with server.running():
        assert await read(reading(server, tmp_path)) == ["one", "red", "2%", "without an end"]
    assert server.asked(LOG) == [{"container": "api", "timestamps": "true", "follow": "true", "tailLines": "5000"}]


async def test_a_log_goes_on_after_its_connection_was_lost_and_no_line_comes_twice(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(POD, body(RUNNING), body(RUNNING), body(ENDED))
    same = ["2026-03-14T10:00:02.25Z two", "2026-03-14T10:00:02.25Z three"]
    server.lists(
        LOG,
        lines(text("2026-03-14T10:00:01Z one", *same), then="cut"),
        body(text(*same, "2026-03-14T10:00:02.25Z four", "2026-03-14T10:00:02.3Z five"), "text/plain"),
    )
    async with server.running():
        assert await read(reading(server, tmp_path)) == ["one", "two", "three", "four", "five"]
    assert [asked.get("sinceTime") for asked in server.asked(LOG)] == [None, "2026-03-14T10:00:02Z"]


async def test_the_log_of_the_run_before_is_read_once(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(POD, body(RUNNING))
    server.lists(LOG, body(text("2026-03-14T10:00:01Z out of memory"), "text/plain"))
    async with server.running():
        before = PodLog("prod", "shop", "api-1", "api", previous=True)
        assert await read(reading(server, tmp_path), before) == ["out of memory"]
        server._lists[LOG].clear()
        server.lists(LOG, refuse(400, "BadRequest", 'previous terminated container "api" in pod "api-1" not found'))
        with pytest.raises(NotFound, match="The container api has no log of a run before this one"):
            await read(reading(server, tmp_path), before)


async def test_a_container_that_never_started_says_why_and_no_log_is_asked_for(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(POD, body(pod({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}})))
    async with server.running():
        with pytest.raises(TrustreeError) as error:
            await read(reading(server, tmp_path))
    assert error.value.headline == (
        "The container api has not started (ImagePullBackOff), so there is no log. Back-off pulling image"
    )
    assert server.asked(LOG) == []


async def test_of_a_container_that_waits_after_a_crash_the_last_run_is_shown(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(POD, body(pod({"waiting": {"reason": "CrashLoopBackOff"}}, restarts=7)))
    server.lists(LOG, body(text("2026-03-14T10:00:01Z panic"), "text/plain"))
    async with server.running():
        assert await read(reading(server, tmp_path)) == ["panic"]


async def test_a_missing_right_is_named(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(POD, body(RUNNING))
    server.lists(LOG, refuse(403, "Forbidden", 'pods "api-1" is forbidden'))
    async with server.running():
        with pytest.raises(Forbidden) as error:
            await read(reading(server, tmp_path))
    assert error.value.right == "get pods/log in namespace shop"
    assert error.value.remedy == "Ask for the verb get on pods/log in namespace shop. The role 'view' has it."


async def test_a_node_that_cannot_be_reached_is_what_is_checked(tmp_path: Path) -> None:
    """As kube-apiserver 1.36 answers where the kubelet does not: 500, with what happened to its own request."""
    server = ApiServer()
    server.lists(POD, body(RUNNING))
    server.lists(
        LOG, refuse(500, "InternalError", 'Get "https://node-1:10250/containerLogs/shop/api-1/api": dial tcp: no such host')
    )
    async with server.running():
        with pytest.raises(ServerFault, match="no such host") as error:
            await read(reading(server, tmp_path))
    assert error.value.remedy.startswith("Logs come from the kubelet of the pod's node.")


async def test_a_log_is_read_also_where_the_pod_itself_may_not_be(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(POD, refuse(403, "Forbidden", "no"))
    server.lists(LOG, body(text("2026-03-14T10:00:01Z one"), "text/plain"))
    async with server.running():
        assert await read(reading(server, tmp_path)) == ["one"]


TIMES = st.lists(st.integers(0, 3_000_000_000), min_size=1, max_size=40)


def _stamp(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 10**9)
    point = f".{fraction:09}".rstrip("0") if fraction else ""
    return f"2026-03-14T10:00:{seconds:02}{point}Z"


@given(TIMES, st.data())
def test_wherever_a_connection_is_lost_each_line_comes_once(times: list[int], data: st.DataObject) -> None:
    """Also where times go back; what is older than what is asked for then is not sent."""
    times = data.draw(st.sampled_from((times, sorted(times))))
    written = [f"{_stamp(time)} {number}" for number, time in enumerate(times)]
    position, came, sent = objects._Position(), list[str](), set[str]()
    for cut in [*data.draw(st.lists(st.integers(0, len(written)), max_size=4).map(sorted)), len(written)]:
        since = position.go_back()
        begun = [line for line in written[:cut] if not since or line[:19] >= since[:19]]
        sent.update(line.partition(" ")[2] for line in begun)
        came += [text for line in begun if (text := position.pass_to(line)) is not None]
    assert came == sorted(sent, key=int)
    assert times != sorted(times) or came == [str(number) for number in range(len(written))]


def test_a_clock_that_is_put_back_ends_no_log() -> None:
    position, times = objects._Position(), ("10:00:05Z", "09:00:05Z", "09:00:06Z")
    assert [position.pass_to(f"2026-03-14T{time} {time}") for time in times] == [*times]
    assert position.go_back() == "2026-03-14T09:00:05Z"
    again = [position.pass_to(f"2026-03-14T{time} {time}") for time in (*times, "09:00:07Z")]
    assert again == [None, None, None, "09:00:07Z"]
