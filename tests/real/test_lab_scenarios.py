"""The questions of an incident on real API servers and registries, by the keyboard, at 80 columns, within the keys they may take.

Runs only where `TRUSTREE_REAL_KUBECONFIG` names the kubeconfig of such a lab and `A` and `B` its registries; what is expected is
counted in the lab by kubectl, or stands in the lab's own table.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.ui.test_scenarios import Operator, operator
from tui.domain.common.trust import State
from tui.estate.estate import Estate
from tui.settings.settings import Settings
from tui.wiring.opening import opened
from widgets.page import TextPage

KUBECONFIG = os.environ.get("TRUSTREE_REAL_KUBECONFIG", "")
A, B = os.environ.get("A", ""), os.environ.get("B", "")
KUBECTL = shutil.which("kubectl")
pytestmark = [
    pytest.mark.skipif(not (KUBECONFIG and A and B), reason="TRUSTREE_REAL_KUBECONFIG, A and B name no lab that is up"),
    pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl to count by"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("lab by the keyboard"),
]
SMALL = (80, 24)
LOADING = 120.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def estate() -> AsyncIterator[Estate]:
    """The lab's first cluster, loaded."""
    settings = Settings(kubeconfig=KUBECONFIG, contexts=("lab-admin",), registries=(A,), use_cache=False)
    async with opened(settings) as lab:
        assert await lab.settled(LOADING)
        yield lab


def pods_of(namespace: str, prefix: str) -> int:
    """How many pods of a name kubectl counts."""
    command = [str(KUBECTL), "--kubeconfig", KUBECONFIG, "--context", "lab-admin", "-n", namespace, "get", "pods", "-o", "json"]
    pods = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)["items"]
    return sum(pod["metadata"]["name"].startswith(f"{prefix}-") for pod in pods)


def counted(ops: Operator) -> tuple[int, int]:
    """How many images the rows are of, and how many the answer is about."""
    built = ops.screen.built
    assert built is not None
    assert built.answer is not None
    assert built.matched is not None
    return built.matched, len(built.answer.extent.images)


async def test_s1_a_vulnerability_takes_three_keys(estate: Estate) -> None:
    async with operator(estate, SMALL) as ops:
        images = ops.snapshot.images.values()
        found = {row.id for image in images if image.pods for row in image.vulnerabilities}
        if not found:
            pytest.skip("no scanner of this lab has told of a vulnerability in what runs")
        wanted = min(found)
        having = [image for image in images if wanted in {row.id for row in image.vulnerabilities}]
        await ops.filter(f"cve:{wanted}")
        await ops.press("enter")
        said = await ops.answered()
        assert ops.keys <= 3
        rows, answered = counted(ops)
        assert rows == answered == len(having)
        assert "runs" in said


async def test_s2_the_blast_radius_of_a_base_takes_three_keys(estate: Estate) -> None:
    async with operator(estate, SMALL) as ops:
        await ops.filter("base:base/python")
        await ops.press("enter")
        said = await ops.answered()
        assert ops.keys <= 3
        rows, answered = counted(ops)
        assert rows == answered > 0
        assert "built" in said


async def test_s3_a_tag_that_was_moved_takes_two_keys(estate: Estate) -> None:
    async with operator(estate, SMALL) as ops:
        await ops.filter("drift:moved")
        said = await ops.answered()
        assert ops.keys <= 2
        assert "payments/worker:stable names " in said
        pods = pods_of("payments", "worker")
        assert f"{pods} pods still run " in said
        assert "rollout undo does not help: same tag" in said


async def test_s4_why_it_does_not_pull_takes_three_keys(estate: Estate) -> None:
    async with operator(estate, SMALL) as ops:
        await ops.filter("is:stuck")
        await ops.press("enter")
        said = await ops.answered()
        assert ops.keys <= 3
        assert "the node has no right to pull it" in said
        assert "right ✘" in said
        assert f"name imagePullSecrets with a login for {A}" in said
        assert f"{pods_of('restricted', 'vault-sync') + pods_of('shop', 'reco')} pods" in said


async def test_s5_one_key_tells_which_questions_fail(estate: Estate) -> None:
    async with operator(estate, SMALL) as ops:
        await ops.press("f")
        said = await ops.answered()
        failing = sum(image.verdict is State.FAIL for image in ops.snapshot.images.values())
        assert f"{failing} fail: " in said
        rows, answered = counted(ops)
        assert rows == answered


async def test_s7_what_a_purge_would_break_takes_two_keys(estate: Estate) -> None:
    async with operator(estate, SMALL) as ops:
        await ops.filter("is:at-risk")
        said = await ops.answered()
        assert ops.keys <= 2
        assert "gone" in said
        rows, answered = counted(ops)
        assert rows == answered > 0


async def test_s8_the_dossier_of_a_digest_takes_four_keys(estate: Estate) -> None:
    async with operator(estate, SMALL) as ops:
        running = [image for image in ops.snapshot.images.values() if image.key.repository == "payments/worker" and image.pods]
        await ops.filter(f"digest:{running[0].key.digest[:19]}")
        said = await ops.answered()
        assert f"{running[0].pods} pods" in said
        await ops.press("enter", "enter")
        assert ops.keys <= 4
        await ops.sees(lambda: "What happened to it" in ops.pilot.app.screen.query_one(TextPage).text, "its timeline")
