"""trivy-operator's reports in a real kube-apiserver, compared with what kubectl's own request returns.

Runs only where `TRUSTREE_REAL_KUBECONFIG` names a kubeconfig with the contexts `lab-admin` (everything), `lab-viewer` (pods
and workloads of payments and shop) and `lab-denied` (nothing).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.sources.scanners.servers import Told, told
from tui.domain.facts.events import SourceState
from tui.sources.cluster import ClusterOptions, ClusterSource
from tui.sources.ports import ApiResource, ClusterReader
from tui.sources.scanners.rounds import Pace
from tui.sources.scanners.trivy_operator import TrivyOperatorSource

KUBECONFIG = os.environ.get("TRUSTREE_REAL_KUBECONFIG", "")
pytestmark = pytest.mark.skipif(not KUBECONFIG, reason="TRUSTREE_REAL_KUBECONFIG names no kubeconfig of a real cluster")
FAST = Pace(refresh=0.0)
REPORTS = ApiResource("aquasecurity.github.io/v1alpha1", "vulnerabilityreports", "VulnerabilityReport")


def reader(context: str, *namespaces: str) -> ClusterReader:
    return ClusterSource(ClusterOptions(context=context, paths=(Path(KUBECONFIG),), namespaces=namespaces)).reader()


async def read(context: str, *namespaces: str, rounds: int = 1) -> Told:
    return await told(TrivyOperatorSource(reader(context, *namespaces), FAST), rounds)


async def stored(**more: Any) -> list[dict[str, Any]]:
    """The objects as the server lists them, in pages of two."""
    async with reader("lab-admin").open() as session:
        return [item async for page in session.pages(REPORTS, size=2, **more) for item in json.loads(page)["items"]]


async def test_every_report_is_read_with_every_entry() -> None:
    found, objects = await read("lab-admin"), await stored()
    assert objects
    assert found.health.state is SourceState.OK
    assert set(found.reports) == {f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in objects}
    for each in objects:
        report = found.reports[f"{each['metadata']['namespace']}/{each['metadata']['name']}"]
        entries = each["report"]["vulnerabilities"]
        assert report.vulnerabilities is not None
        assert {(v.id, v.package) for v in report.vulnerabilities} == {(e["vulnerabilityID"], e["resource"]) for e in entries}
        assert report.digest == each["report"]["artifact"].get("digest", "")
        assert report.scanned_at is not None
        assert report.name is not None


async def test_the_server_sends_metadata_alone_when_asked() -> None:
    objects = await stored(metadata_only=True)
    assert objects
    assert all("report" not in each and each["metadata"]["resourceVersion"] for each in objects)


async def test_a_second_round_reads_no_report_again() -> None:
    found = await read("lab-admin", rounds=2)
    seen = [event.reports for event in found.events if hasattr(event, "reports")]
    first, second = ({each.key: each for each in batch} for batch in (seen[0], [one for batch in seen[1:] for one in batch]))
    assert first.keys() == second.keys()
    assert all(second[key] is report for key, report in first.items())


async def test_no_right_is_said_with_the_right() -> None:
    found = await read("lab-denied")
    assert (found.health.state, found.reports) == (SourceState.FAILED, {})
    assert "vulnerabilityreports.aquasecurity.github.io" in found.health.error


async def test_the_role_view_does_not_hold_reports() -> None:
    found = await read("lab-viewer", "payments", "shop")
    assert found.health.state is SourceState.FAILED
    assert "('view' does not)" in found.health.remedy
