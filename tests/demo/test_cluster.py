"""The API server emulator: pages, watches, versions that are too old, rights, and errors as kube-apiserver words them.

Facts: observed on kube-apiserver 1.36 (limit ignored with resourceVersion=0, 410 as an ERROR event, 410 of a page with a token).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.demo.serving import Asker, asking
from tui.demo.cluster.kinds import kind_of
from tui.demo.cluster.rights import User
from tui.demo.cluster.server import ApiServer
from tui.demo.cluster.store import ObjectStore
from tui.demo.content import Json
from tui.demo.http import Request

PODS = kind_of("Pod")
ADMIN = User("contoso-admin", ("system:masters",), True)
VIEWER = User("viewer@contoso.example", namespaces=("payments",))


def _pod(namespace: str, name: str, version: str) -> Json:
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": version, "labels": {"app": name[:3]}}}


def make_store(count: int = 7) -> ObjectStore:
    """Pods p-0.. in payments and one in shop, all of the past."""
    store = ObjectStore(100)
    for number in range(count):
        store.load(PODS, "payments", f"p-{number}", partial(_pod, "payments", f"p-{number}"))
    store.load(PODS, "shop", "s-0", partial(_pod, "shop", "s-0"))
    store.settle()
    return store


@asynccontextmanager
async def serving(store: ObjectStore, user: User | None = ADMIN) -> AsyncIterator[Asker]:
    """An API server whose every client is this user."""

    def who(_: Request) -> User | None:
        return user

    async with asking(ApiServer(store, who).handle) as asker:
        yield asker


def names(body: Json) -> list[str]:
    """The names of a list's items."""
    items = body["items"]
    assert isinstance(items, list)
    return [item["metadata"]["name"] for item in items]


def meta(body: Json) -> Json:
    """metadata."""
    found = body["metadata"]
    assert isinstance(found, dict)
    return found


async def test_pages_hold_every_object_once_and_say_how_many_remain() -> None:
    async with serving(make_store()) as ask:
        seen, token, left = [], "", []
        while True:
            page = (await ask(f"/api/v1/pods?limit=3&continue={token}" if token else "/api/v1/pods?limit=3")).json
            seen += names(page)
            left.append(meta(page).get("remainingItemCount"))
            token = str(meta(page).get("continue", ""))
            if not token:
                break
    assert seen == [f"p-{number}" for number in range(7)] + ["s-0"]
    assert left == [5, 2, None]


async def test_a_selector_hides_the_remaining_count_but_not_the_token() -> None:
    async with serving(make_store()) as ask:
        page = (await ask("/api/v1/pods?limit=2&labelSelector=app%3Dp-0")).json
        other = (await ask("/api/v1/namespaces/payments/pods?limit=2&fieldSelector=metadata.namespace%3Dpayments")).json
    assert names(page) == ["p-0"]
    assert "continue" in meta(other)
    assert "remainingItemCount" not in meta(other)


async def test_the_limit_is_ignored_for_any_version() -> None:
    async with serving(make_store()) as ask:
        page = (await ask("/api/v1/pods?limit=2&resourceVersion=0")).json
    assert len(names(page)) == 8


async def test_an_expired_token_comes_with_one_for_the_rest() -> None:
    store = make_store()
    async with serving(store) as ask:
        first = (await ask("/api/v1/pods?limit=3")).json
        store.expire(PODS)
        gone = await ask(f"/api/v1/pods?limit=3&continue={meta(first)['continue']}")
        rest = (await ask(f"/api/v1/pods?continue={meta(gone.json)['continue']}")).json
    assert (gone.status, gone.json["reason"]) == (410, "Expired")
    assert names(rest) == ["p-3", "p-4", "p-5", "p-6", "s-0"]


async def test_a_token_that_is_none_is_a_bad_request() -> None:
    async with serving(make_store()) as ask:
        answer = await ask("/api/v1/pods?continue=%21%21")
    assert (answer.status, answer.json["reason"]) == (400, "BadRequest")


async def lines(ask: Asker, path: str, count: int) -> list[Json]:
    """The first events of a watch."""
    found: list[Json] = []
    async with asyncio.timeout(10), ask.session.get(ask.base + path) as reply:
        assert reply.status == 200
        while len(found) < count and (line := await reply.content.readline()):
            found.append(json.loads(line))
    return found


def what(events: list[Json]) -> list[tuple[str, str]]:
    """Types and names."""
    found = []
    for event in events:
        body = event["object"]
        assert isinstance(body, dict)
        found.append((str(event["type"]), str(body["metadata"].get("name", ""))))
    return found


async def test_a_watch_tells_every_change_after_its_version() -> None:
    store = make_store(1)
    async with serving(store) as ask:
        version = store.version
        store.put(PODS, "payments", "p-0", partial(_pod, "payments", "p-0"))
        watching = asyncio.create_task(lines(ask, f"/api/v1/namespaces/payments/pods?watch=1&resourceVersion={version}", 3))
        store.put(PODS, "shop", "s-1", partial(_pod, "shop", "s-1"))
        store.put(PODS, "payments", "p-9", partial(_pod, "payments", "p-9"))
        store.delete(PODS, "payments", "p-0", partial(_pod, "payments", "p-0"))
        events = await watching
    assert what(events) == [("MODIFIED", "p-0"), ("ADDED", "p-9"), ("DELETED", "p-0")]


async def test_a_watch_list_ends_with_its_bookmark() -> None:
    async with serving(make_store(2)) as ask:
        query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        events = await lines(ask, f"/api/v1/pods?{query}", 4)
    assert what(events)[:3] == [("ADDED", "p-0"), ("ADDED", "p-1"), ("ADDED", "s-0")]
    body = events[3]["object"]
    assert isinstance(body, dict)
    assert body["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


@pytest.mark.parametrize("running", [False, True])
async def test_a_watch_that_is_too_old_is_told_in_an_error_event(running: bool) -> None:
    store = make_store()
    async with serving(store) as ask:
        version = store.version if running else 1
        watching = asyncio.create_task(lines(ask, f"/api/v1/pods?watch=true&resourceVersion={version}", 1))
        while running and not store.watches:  # noqa: ASYNC110 - the server says nothing when a watch waits
            await asyncio.sleep(0)
        if running:
            store.expire(PODS)
        (event,) = await watching
    body = event["object"]
    assert isinstance(body, dict)
    assert (event["type"], body["code"], body["reason"]) == ("ERROR", 410, "Expired")


async def test_a_viewer_reads_its_namespace_and_is_told_what_is_missing_elsewhere() -> None:
    async with serving(make_store(), VIEWER) as ask:
        own = await ask("/api/v1/namespaces/payments/pods")
        everything = await ask("/api/v1/pods")
        deployments = await ask("/apis/apps/v1/namespaces/shop/deployments")
        nodes = await ask("/api/v1/nodes")
    assert len(names(own.json)) == 7
    assert [one.status for one in (everything, deployments, nodes)] == [403, 403, 403]
    refused = 'pods is forbidden: User "viewer@contoso.example" cannot list resource "pods" in API group "" at the cluster scope'
    assert everything.json["message"] == refused
    assert 'in API group "apps" in the namespace "shop"' in str(deployments.json["message"])


@pytest.mark.parametrize(("namespace", "allowed"), [("payments", True), ("shop", False), ("", False)])
async def test_access_reviews_agree_with_the_lists(namespace: str, allowed: bool) -> None:
    attributes = {"verb": "list", "resource": "pods", "group": "", "namespace": namespace}
    async with serving(make_store(), VIEWER) as ask:
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = await ask(path, "POST", json.dumps({"spec": {"resourceAttributes": attributes}}))
        listed = await ask(f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods")
    status = answer.json["status"]
    assert isinstance(status, dict)
    assert (answer.status, status["allowed"]) == (201, allowed)
    assert (listed.status == 200) == allowed


async def test_reviews_in_protobuf_are_refused_as_a_media_type() -> None:
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    async with serving(make_store()) as ask:
        answer = await ask(path, "POST", "k8s", **{"Content-Type": "application/vnd.kubernetes.protobuf"})
    assert (answer.status, answer.json["reason"]) == (415, "UnsupportedMediaType")


async def test_it_says_who_asks_and_what_they_may() -> None:
    async with serving(make_store(), VIEWER) as ask:
        who = (await ask("/apis/authentication.k8s.io/v1/selfsubjectreviews", "POST", "{}")).json["status"]
        rules = (
            await ask("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "POST", '{"spec":{"namespace":"payments"}}')
        ).json
    assert isinstance(who, dict)
    assert who["userInfo"]["username"] == "viewer@contoso.example"
    assert '"pods"' in json.dumps(rules["status"])


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/v1/namespaces/payments/pods/none", 404, 'pods \\"none\\" not found'),
        ("/apis/apps/v1/namespaces/payments/deployments/none", 404, 'deployments.apps \\"none\\" not found'),
        ("/apis/unknown.example/v1/things", 404, "404 page not found"),
        ("/api/v1/pods?limit=many", 400, "limit"),
        ("/api/v1/pods?fieldSelector=spec.x%3Dy", 400, "field label not supported"),
        ("/version", 200, "gitVersion"),
        ("/api", 200, "serverAddressByClientCIDRs"),
        ("/apis", 200, "argoproj.io"),
        ("/apis/argoproj.io/v1alpha1", 200, '"kind":"Rollout"'),
    ],
)
async def test_paths_answer_like_the_real_server(path: str, status: int, said: str) -> None:
    async with serving(make_store()) as ask:
        answer = await ask(path)
    assert answer.status == status
    assert said in answer.body
    assert "audit-id" in answer.headers


async def test_strangers_are_unauthorized_and_nobody_changes_anything() -> None:
    async with serving(make_store(), None) as ask:
        assert (await ask("/api/v1/pods")).json["reason"] == "Unauthorized"
    async with serving(make_store()) as ask:
        assert (await ask("/api/v1/namespaces/payments/pods/p-0", "DELETE")).status == 405
        assert (await ask("/api/v1/namespaces/payments/pods/p-0")).status == 200
