"""`kubernetes.aio`'s client: loaded when it is first needed, in a thread, and speaking over our own connection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sources.cluster.apiserver import ACCESS, ApiServer, failure, write_kubeconfig
from tests.sources.cluster.follow import options
from tui.errors import AuthenticationFailed, ServerFault, UntrustedPayload
from tui.sources.cluster.access import find_place
from tui.sources.cluster.api import Api
from tui.sources.cluster.client import ClusterClient

ROOT = Path(__file__).resolve().parents[3]
LOADING = """
import asyncio, sys, threading
from pathlib import Path
from tests.sources.cluster.follow import until_health, options
from tests.sources.cluster.apiserver import ApiServer, write_kubeconfig
from tests.sources.cluster.test_rights import viewer
from tui.domain.facts.events import SourceState
from tui.sources.cluster import ClusterSource

on_the_loop = []

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "kubernetes":
            on_the_loop.append(threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Watch())

async def main(folder):
    server = ApiServer()
    async with server.running():
        await until_health(ClusterSource(options(write_kubeconfig(folder, server.url))), lambda health: health.live)
    print("live", on_the_loop)
    server = viewer()
    async with server.running():
        source = ClusterSource(options(write_kubeconfig(folder, server.url, namespace="shop")))
        await until_health(source, lambda health: health.state is SourceState.PARTIAL)
    print("reviewed", on_the_loop)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_it_is_loaded_in_a_thread_and_only_where_something_is_reviewed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOADING, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["live []", "reviewed [False]"]


async def asked(folder: Path, server: ApiServer, user: dict[str, Any] | None = None) -> bool:
    settings = options(write_kubeconfig(folder, server.url, user))
    async with Api(find_place(settings), settings) as api:
        return await ClusterClient(api).may_do("apps", "deployments", "patch", "shop")


async def test_it_asks_as_whoever_we_are_and_whomever_we_impersonate(tmp_path: Path) -> None:
    server, reviews = ApiServer(), list[dict[str, Any]]()

    def answer(review: dict[str, Any]) -> dict[str, Any]:
        reviews.append(review)
        return {"allowed": True}

    server.review(ACCESS, answer)
    async with server.running():
        assert await asked(tmp_path, server, {"token": "t", "as": "auditor", "as-groups": ["g1", "g2"]})
    (request,) = server.seen
    assert (request.method, request.path, request.query_string) == ("POST", ACCESS, "")
    assert request.headers["Authorization"] == "Bearer t"
    assert request.headers.getall("Impersonate-Group") == ["g1", "g2"]
    (review,) = reviews
    assert (review["kind"], review["apiVersion"]) == ("SelfSubjectAccessReview", "authorization.k8s.io/v1")
    assert review["spec"]["resourceAttributes"] == {
        "namespace": "shop",
        "verb": "patch",
        "group": "apps",
        "resource": "deployments",
    }


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        ((401, "Unauthorized"), AuthenticationFailed),
        ((500, "InternalError"), ServerFault),
    ],
)
async def test_a_refusal_is_one_of_our_errors(tmp_path: Path, refusal: tuple[int, str], error: type[Exception]) -> None:
    server = ApiServer()
    server.gate = lambda request: failure(*refusal)
    async with server.running():
        with pytest.raises(error):
            await asked(tmp_path, server)


async def test_an_answer_without_a_word_on_the_right_is_none(tmp_path: Path) -> None:
    server = ApiServer()
    server.gate = lambda request: failure(201, "")
    async with server.running():
        with pytest.raises(UntrustedPayload):
            await asked(tmp_path, server)
