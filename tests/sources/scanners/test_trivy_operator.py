"""trivy-operator's resources on a scripted API server: absent, refused, paged, changed, broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sources.cluster.apiserver import ACCESS, NAMESPACES, ApiServer, body, failure, page, refuse, write_kubeconfig
from tests.sources.cluster.follow import options
from tests.sources.scanners.servers import Told, told
from tests.tried import tried
from tui.domain.facts.events import SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.scan import Severity
from tui.sources.cluster import ClusterOptions, ClusterSource
from tui.sources.scanners.rounds import Pace
from tui.sources.scanners.trivy_operator import TrivyOperatorSource

FAST = Pace(refresh=0.0, retry=0.0, retry_most=0.0, retry_denied=0.0)
GROUP = "/apis/aquasecurity.github.io/v1alpha1"
LIST = f"{GROUP}/vulnerabilityreports"
DIGEST = "sha256:" + "a" * 64


def installed(server: ApiServer) -> ApiServer:
    """With the resource known."""
    known = {"resources": [{"name": "vulnerabilityreports", "kind": "VulnerabilityReport", "namespaced": True}]}
    server.lists(GROUP, body(json.dumps(known).encode()))
    return server


def report(name: str, *, version: str = "1", namespace: str = "shop", **more: Any) -> dict[str, Any]:
    """An object; without `eosl` and `digest`, as older versions write it."""
    found = [
        {"vulnerabilityID": "CVE-2026-1", "resource": "zlib", "installedVersion": "1.2", "severity": "CRITICAL", "score": 9.8}
    ]
    content = {
        "updateTimestamp": "2026-11-25T00:00:00Z",
        "scanner": {"name": "Trivy", "version": "0.67"},
        "registry": {"server": "contoso.azurecr.io"},
        "artifact": {"repository": "shop/web", "tag": "v1", "digest": DIGEST},
        "os": {"family": "debian", "name": "10.13", "eosl": True},
        "summary": {"criticalCount": 1, "highCount": 0},
        "vulnerabilities": found,
    }
    metadata = {"name": name, "namespace": namespace, "resourceVersion": version, "uid": f"uid-{name}"}
    return {"metadata": metadata, "report": content | more}


def source(server: ApiServer, folder: Path, **more: Any) -> TrivyOperatorSource:
    return TrivyOperatorSource(ClusterSource(options(write_kubeconfig(folder, server.url), **more)).reader(), FAST)


async def read(server: ApiServer, folder: Path, rounds: int = 1, **more: Any) -> Told:
    async with server.running():
        return await told(source(server, folder, **more), rounds)


async def test_reports_are_read_page_by_page(tmp_path: Path) -> None:
    server = installed(ApiServer())
    server.lists(LIST, page([report("a")]), page([report("a")], token="t"), page([report("b")]))
    found = await read(server, tmp_path)
    assert set(found.reports) == {"shop/a", "shop/b"}
    one = found.reports["shop/a"]
    assert (one.name, one.tag, one.digest) == (RepositoryName("contoso.azurecr.io", "shop/web"), "v1", DIGEST)
    assert (one.os, one.end_of_life, one.scanner) == ("debian 10.13", True, "Trivy 0.67")
    assert (one.cluster, one.namespace, one.counts) == ("test", "shop", {Severity.CRITICAL: 1})
    assert (found.health.state, str(found.health.id), found.completed) == (SourceState.OK, "scanner/trivy-operator/test", True)


async def test_a_cluster_without_the_operator_is_off_and_one_that_refuses_has_failed(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(GROUP, refuse(404, "NotFound", "the server could not find the requested resource"))
    absent = await read(server, tmp_path)
    server = installed(ApiServer())
    server.lists(LIST, refuse(403, "Forbidden", "no"))
    server.lists(NAMESPACES, page([{"metadata": {"name": "shop"}}]))
    server.review(ACCESS, lambda _: {"allowed": False})
    refused = await read(server, tmp_path)
    assert absent.health.state is SourceState.OFF
    assert "not installed in test" in absent.health.error
    assert (refused.health.state, refused.health.auth_failed) == (SourceState.FAILED, True)
    assert "aquasecurity.github.io" in refused.health.remedy
    assert not refused.completed


async def test_other_reports_of_the_group_alone_are_no_scanner(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(GROUP, body(b'{"resources": [{"name": "sbomreports", "kind": "SbomReport", "namespaced": true}]}'))
    assert (await read(server, tmp_path)).health.state is SourceState.OFF


async def test_namespaces_that_may_be_read_are(tmp_path: Path) -> None:
    server = installed(ApiServer())
    server.gate = lambda request: failure(403, "Forbidden", "no") if request.path == LIST else None
    server.lists(NAMESPACES, page([{"metadata": {"name": name}} for name in ("shop", "secret")]))
    server.review(ACCESS, lambda asked: {"allowed": asked["spec"]["resourceAttributes"]["namespace"] == "shop"})
    server.lists(f"{GROUP}/namespaces/shop/vulnerabilityreports", page([report("a")]))
    found = await read(server, tmp_path)
    assert set(found.reports) == {"shop/a"}
    assert (found.health.state, found.completed) == (SourceState.PARTIAL, True)
    assert found.health.denials[0].right == "list vulnerabilityreports.aquasecurity.github.io cluster-wide"


async def test_one_namespace_refused_does_not_hide_the_others(tmp_path: Path) -> None:
    server = installed(ApiServer())
    server.lists(f"{GROUP}/namespaces/shop/vulnerabilityreports", page([report("a")]))
    server.lists(f"{GROUP}/namespaces/web/vulnerabilityreports", refuse(403, "Forbidden", "no"))
    found = await read(server, tmp_path, namespaces=("web", "shop"))
    assert set(found.reports) == {"shop/a"}
    assert (found.health.state, [each.what for each in found.health.denials]) == (SourceState.PARTIAL, ["reports in web"])


async def test_later_only_what_has_changed_is_read(tmp_path: Path) -> None:
    server = installed(ApiServer())
    first = page([report("a"), report("b"), report("gone")])
    server.lists(LIST, first, first, first, page([report("a"), report("b", version="2"), report("vanished", version="9")]))
    changed = report("b", version="2", summary={"highCount": 1}, vulnerabilities=[{"vulnerabilityID": "X", "severity": "HIGH"}])
    server.lists(f"{GROUP}/namespaces/shop/vulnerabilityreports/b", body(json.dumps(changed).encode()))
    server.lists(f"{GROUP}/namespaces/shop/vulnerabilityreports/vanished", refuse(404, "NotFound", "gone"))
    found = await read(server, tmp_path, rounds=2)
    seen = [event.reports for event in found.events if hasattr(event, "reports")]
    assert found.reports["shop/b"].counts == {Severity.HIGH: 1}
    assert {each.key for batch in seen[1:] for each in batch} == {"shop/a", "shop/b"}
    assert seen[0][0] is seen[1][0]
    assert found.health.objects == 2
    assert [query["limit"] for query in server.asked(LIST)] == ["1", "25", "1", "500"]


async def test_a_broken_report_loses_only_itself(tmp_path: Path) -> None:
    server = installed(ApiServer())
    objects: list[Any] = [report("good"), report("bad", vulnerabilities=7), report("worse", artifact=[]), {"metadata": {}}, 7]
    server.lists(LIST, page(objects))
    found = await read(server, tmp_path)
    assert {key: one.complete for key, one in found.reports.items()} == {
        "shop/good": True,
        "shop/bad": False,
        "shop/worse": False,
    }
    assert "cannot be read" in found.reports["shop/bad"].reason
    assert (found.health.state, found.completed) == (SourceState.PARTIAL, False)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"summary": {"criticalCount": 5}}, "counts 5 vulnerabilities and lists 1"),
        ({"vulnerabilities": None, "summary": None}, "neither vulnerabilities nor a summary"),
        ({"vulnerabilities": [{"vulnerabilityID": 7}]}, "1 of 1 vulnerability in the report could not be read"),
        ({"vulnerabilities": [{"severity": "LOW"}]}, "1 of 1 vulnerability in the report could not be read"),
    ],
)
async def test_a_report_that_is_not_whole_says_so(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    server = installed(ApiServer())
    server.lists(LIST, page([report("a", **more)]))
    found = await read(server, tmp_path)
    assert not found.one.complete
    assert words in found.one.reason


async def test_unknown_words_are_unknown_and_hostile_ones_are_cleaned(tmp_path: Path) -> None:
    entry = {"vulnerabilityID": "CVE-1", "severity": "apocalyptic", "title": "\x1b]0;pwned\x07", "primaryLink": "javascript:x"}
    server = installed(ApiServer())
    content = [report("\x1b[2Ja", summary=None, vulnerabilities=[entry], scanner={"name": "\u202eyvirT"})]
    server.lists(LIST, page(content))
    found = await read(server, tmp_path)
    assert found.one.vulnerabilities is not None
    (one,) = found.one.vulnerabilities
    assert (one.severity, one.url) == (Severity.UNKNOWN, "")
    assert not any(sign in f"{one.title}{found.one.key}{found.one.scanner}" for sign in "\x1b\x07\u202e")


async def test_older_reports_have_no_digest_but_a_name(tmp_path: Path) -> None:
    server = installed(ApiServer())
    server.lists(
        LIST, page([report("a", artifact={"repository": "library/nginx", "tag": "1.25"}, registry={"server": "index.docker.io"})])
    )
    found = await read(server, tmp_path)
    assert (found.one.digest, found.one.name, found.one.tag) == ("", RepositoryName("docker.io", "library/nginx"), "1.25")


async def test_a_kubeconfig_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    reader = ClusterSource(ClusterOptions(context="x", paths=(tmp_path / "absent",))).reader()
    found = await told(TrivyOperatorSource(reader, FAST))
    assert found.health.state is SourceState.FAILED
    assert (await tried(TrivyOperatorSource(reader, FAST).diagnose()))[0].state == "failed"


async def test_an_operator_that_was_removed_leaves_nothing(tmp_path: Path) -> None:
    server = installed(ApiServer())
    server.lists(GROUP, refuse(404, "NotFound", "gone"))
    server.lists(LIST, page([report("a")]))
    found = await read(server, tmp_path, rounds=2)
    assert (found.health.state, found.health.objects) == (SourceState.OFF, 0)


async def test_doctor_tells_absent_refused_and_readable_apart(tmp_path: Path) -> None:
    server = installed(ApiServer())
    server.lists(GROUP, refuse(404, "NotFound", "gone"))
    server.lists(LIST, page([]))
    async with server.running():
        trivy = source(server, tmp_path)
        found = [(await tried(trivy.diagnose()))[0] for _ in range(2)]
    assert [each.state for each in found] == ["ok", "off"]
