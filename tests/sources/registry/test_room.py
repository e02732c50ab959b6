"""A registry may send whatever it likes: it costs a bounded amount of memory, and what was cut is said."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from tests.sources.registry.helpers import Collector, demand, options, source
from tests.sources.registry.servers import CONFIG, LAYER, FakeRegistry, digest_of
from tui.domain.facts.events import LookupFailed, ManifestRead, SourceState, TagsListed
from tui.errors import UntrustedPayload
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.parse import read_config, read_manifest
from tui.sources.registry.room import NoRoom, Room
from tui.sources.registry.source import RegistrySource

LIMIT = 300 << 10  # KiB, as Linux counts
STATUS = Path("/proc/self/status")
CHILD = """
import asyncio, json, sys
from contextlib import suppress
from tui.domain.facts.demand import Demand
from tui.domain.facts.events import HealthChanged, SourceState
from tui.domain.facts.image import RepositoryName
from tui.sources.kit.credentials import Credentials
from tui.domain.facts.asking import RegistryKind
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.source import RegistrySource

async def main(url, kind):
    options = RegistryOptions(host="r.test", kind=RegistryKind(kind), endpoint=url, request_timeout=20.0, azure=False)
    source = RegistrySource(options, Credentials())
    name = RepositoryName("r.test", "app")
    source.want((Demand(name, "1", referrers=True, history=True),))
    kept, denied = [], False
    with suppress(TimeoutError):
        async with asyncio.timeout(40):
            async for event in source.events():
                if isinstance(event, HealthChanged):
                    denied = denied or bool(event.health.denials)
                    if source.idle or denied:
                        break
                else:
                    kept.append(event)
    # The peak of this program alone: that of getrusage counts what its parent had.
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(json.dumps([int(status["VmHWM"].split()[0]), denied]))

asyncio.run(main(*sys.argv[1:]))
"""


async def measured(server: FakeRegistry, kind: str = "oci") -> tuple[int, bool]:
    """The most memory that a process takes which reads the registry, in KiB, and whether it says that something is missing."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, server.url, kind), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(child.communicate(), 60)
    finally:
        if child.returncode is None:
            child.kill()
    assert child.returncode == 0, err.decode()[-2000:]
    peak, denied = json.loads(out)
    return peak, denied


def names(count: int, key: str) -> bytes:
    """A page of many names."""
    return json.dumps({key: [f"n{number}" for number in range(count)]}, separators=(",", ":")).encode()


def answering(answers: dict[str, Callable[[web.Request], web.Response]], server: FakeRegistry) -> None:
    """Answer the paths that end like this."""

    async def fault(request: web.Request) -> web.StreamResponse | None:
        return next((answer(request) for part, answer in answers.items() if part in request.raw_path), None)

    server.fault = fault


def endless(body: bytes) -> Callable[[web.Request], web.Response]:
    """One page after the other, packed."""
    packed, count = gzip.compress(body, 1), [0]

    def answer(request: web.Request) -> web.Response:
        count[0] += 1
        link = f'<{request.path}?last={count[0]}>; rel="next"'
        headers = {"Link": link, "Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=packed, headers=headers)

    return answer


@pytest.mark.skipif(not STATUS.exists(), reason="needs the counters of Linux")
@pytest.mark.parametrize("case", ["tags", "catalog", "acr-tags", "acr-manifests", "parts", "labels", "bomb"])
async def test_memory_stays_bounded_whatever_is_sent(case: str) -> None:
    async with FakeRegistry(acr=case.startswith("acr")) as server:
        server.image("app", "1")
        rows = [{"name": f"t{n}", "digest": digest_of(b"%d" % n), "tags": ["x" * 100] * 4} for n in range(6_000)]
        config = {"os": "linux", "config": {"Labels": {f"label{n}": "x" * 1000 for n in range(7_000)}}}
        manifest = {"schemaVersion": 2, "layers": [{} for _ in range(900_000)]}
        match case:
            case "tags":
                answering({"/tags/list": endless(names(400_000, "tags"))}, server)
            case "catalog":
                answering(
                    {"_catalog": endless(names(400_000, "repositories")), "/tags/": lambda _: web.Response(status=404)}, server
                )
            case "acr-tags":
                answering({"/_tags": endless(json.dumps({"tags": rows}).encode())}, server)
            case "acr-manifests":
                answering({"/_manifests": endless(json.dumps({"manifests": rows}).encode())}, server)
            case "parts":
                answering({"/manifests/": endless(json.dumps(manifest, separators=(",", ":")).encode())}, server)
            case "labels":
                content = json.dumps(config).encode()
                for number in range(60):
                    blob = content + b" " * number
                    body: dict[str, object] = {"config": {"mediaType": CONFIG, **server.blob(blob)}, "layers": []}
                    server.put("app", body, f"v{number}")
            case _:
                bomb = gzip.compress(b" " * (256 << 20), 9)
                packed = {"Content-Encoding": "gzip"}
                answering({"/manifests/": lambda _: web.Response(body=bomb, headers=packed)}, server)
        peak, denied = await measured(server, "acr" if server.acr else "oci")
        assert peak < LIMIT
        assert denied is (case != "labels")


def test_the_same_thing_takes_its_room_once() -> None:
    room = Room(1000)
    assert room.take("a", 700)
    assert room.take("a", 900)
    assert not room.take("b", 200)
    assert room.take("a", 100)
    assert room.take("b", 600)
    with pytest.raises(NoRoom):
        room.reserve("c", 301, "c")
    assert not room.take("c", 100, for_rest=True)


async def test_what_does_not_fit_is_unknown_and_said_and_what_runs_comes_first() -> None:
    async with FakeRegistry() as server:
        for number in range(40):
            server.image("app", f"v{number:02}", layers=(str(number),))
        running = RegistrySource(options(server), Credentials(), room=Room(60_000))
        running.want((demand("app", "v39"),))
        async with Collector(running) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        read = {event.manifest.digest for event in seen.of(ManifestRead)}
        assert server.tags["app"]["v39"] in read
        assert len(read) < 40
        assert any("set aside" in event.reason for event in seen.of(LookupFailed))


async def test_tags_that_no_reference_could_hold_are_left_out() -> None:
    strange = ["1", "$(reboot)", "a b", "x" * 129, "\x1b[2J", "", None, "ok-2"]
    async with FakeRegistry() as server:
        digest = server.image("app", "1")
        server.tags["app"]["ok-2"] = digest
        answering({"/tags/list": lambda _: web.json_response({"name": "app", "tags": strange})}, server)
        async with Collector(source(options(server))) as seen:
            await seen.until(lambda: seen.of(TagsListed))
        assert [tag.name for tag in seen.of(TagsListed)[0].tags] == ["1", "ok-2"]


def test_texts_are_cut_when_they_are_read() -> None:
    labels = {"short": "x", "long": "x" * 5_000, "io.buildpacks.lifecycle.metadata": "y" * 50_000, "none": None}
    many = {f"label{number}": "x" * 1_000 for number in range(1_000)}
    history = [{"created_by": "x" * 100_000, "comment": "y" * 100_000}]
    body = json.dumps({"os": "linux", "config": {"Labels": {**labels, **many}}, "history": history}).encode()
    config = read_config(body, digest_of(body))
    assert config.labels["short"] == "x"
    assert config.labels["none"] == ""
    assert "long" not in config.labels
    assert len(config.labels["io.buildpacks.lifecycle.metadata"]) == 50_000
    assert sum(map(len, config.labels.values())) <= 100_000
    assert len(config.history[0].created_by) <= 2_048


@pytest.mark.parametrize(
    "body", [b'{"layers":[' + b"{}," * 200_000 + b"{}]}", b'{"manifests":[' + b'{"a":1},' * 200_000 + b"{}]}"]
)
def test_a_manifest_of_too_many_parts_is_not_even_decoded(body: bytes) -> None:
    with pytest.raises(UntrustedPayload, match="more than"):
        read_manifest(body, digest_of(body))


def test_null_is_nothing_and_costs_only_itself() -> None:
    body = json.dumps(
        {
            "schemaVersion": 2,
            "config": {"mediaType": CONFIG, "digest": digest_of(b"c"), "size": None},
            "layers": [{"mediaType": LAYER, "digest": digest_of(b"l"), "size": None, "annotations": {"a": None}}],
            "annotations": None,
        }
    ).encode()
    assert read_manifest(body, digest_of(body)).layers[0].size == 0
