"""The check `signature` against real registries, and against what notation-go and cosign make of the same signatures.

Runs only where `TRUSTREE_REAL_KUBECONFIG` names the kubeconfig of the lab, `A` and `B` its registries and `NOTATION_CONFIG`
what it trusts; `lab-verifier`, `crane` and `cosign` are then on the PATH. The expected states are those of the lab's own table.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tui.domain.common.trust import CheckName, State
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.signature import Outcome, SignatureSystem, Verdict
from tui.domain.snapshot.snapshot import Image
from tui.settings.load import load
from tui.settings.settings import SignatureSettings
from tui.wiring.parts import open_estate

KUBECONFIG, TRUSTED = os.environ.get("TRUSTREE_REAL_KUBECONFIG", ""), os.environ.get("NOTATION_CONFIG", "")
A, B = os.environ.get("A", ""), os.environ.get("B", "")
KEY = str(Path(TRUSTED).parent / "cosign" / "cosign.pub")
pytestmark = pytest.mark.skipif(
    not (KUBECONFIG and A and B and TRUSTED), reason="TRUSTREE_REAL_KUBECONFIG, A, B and NOTATION_CONFIG name no lab that is up"
)

TABLE = {
    f"{A}/payments/api:1.4.2": (State.PASS, "on the image"),
    f"{A}/payments/api:1.4.1": (State.PASS, "on the image"),
    f"{A}/payments/ledger:2.1": (State.PASS, "CN=release-ec"),
    f"{A}/shop/search:5": (State.PASS, "on the index"),
    f"{A}/shop/cart:1.9": (State.PASS, "cosign.pub"),
    f"{B}/legacy/erp:2019.4": (State.PASS, "lab-b"),
    f"{B}/legacy/report:7": (State.PASS, "cosign.pub"),
    f"{A}/platform/agent:0.9": (State.FAIL, "does not contain any trusted certificate"),
    f"{A}/platform/backup:1": (State.FAIL, "signature expired 2025-03-31"),
    f"{A}/platform/scheduler:5": (State.FAIL, "expired 2025-01-01"),
    f"{A}/platform/gitops:4": (State.FAIL, "signature is for another artifact"),
    f"{A}/public/tools:1": (State.OFF, "public skips verification"),
    f"{A}/shop/web:3.0": (State.FAIL, "No signature was found"),
    f"{A}/payments/migrate:1.0": (State.FAIL, "No signature was found"),
    f"{B}/legacy/portal:1": (State.FAIL, "No signature was found"),
}
NOTATION = [
    name for name, (state, _) in TABLE.items() if "No signature" not in _ and "cosign" not in _ and state is not State.OFF
]


@lru_cache(maxsize=1)
def images() -> dict[str, Image]:
    """Every image by its names, as the whole program sees it."""
    settings = load(
        {
            "kubeconfig": KUBECONFIG,
            "contexts": ("lab-admin",),
            "azure": False,
            "signatures": SignatureSettings(cosign_keys=(KEY,)),
        },
        {},
    )

    async def look() -> dict[str, Image]:
        async with open_estate(settings) as estate:
            await estate.settled(60)
            return {f"{image.name}:{tag}": image for image in estate.snapshot.images.values() for tag in image.tags}

    return asyncio.run(look())


def outcomes(reference: str) -> list[Outcome]:
    """What was made of the signatures of an image."""
    return [outcome for found in images()[reference].signatures for outcome in found.outcomes]


def crane(*arguments: str) -> bytes:
    """What crane prints."""
    return subprocess.run(["crane", *arguments], capture_output=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("reference", sorted(TABLE))
def test_each_image_is_judged_as_the_table_says(reference: str) -> None:
    state, words = TABLE[reference]
    (check,) = (check for check in images()[reference].checks if check.name is CheckName.SIGNATURE)
    assert (check.state, words in check.reason) == (state, True), check.reason


def test_signatures_are_found_in_every_way() -> None:
    ways = {outcome.found_by for reference in TABLE for outcome in outcomes(reference)}
    assert {"referrers", "tag-schema", "cosign-tag"} <= ways
    assert len(outcomes(f"{A}/shop/cart:1.9")) == 2


@pytest.mark.parametrize("reference", sorted(NOTATION))
def test_notation_go_agrees_on_each(reference: str, tmp_path: Path) -> None:
    image = images()[reference]
    (outcome,) = outcomes(reference)
    theirs = oracle(question(image.name, outcome, tmp_path))
    assert (theirs["Error"] == "") is (outcome.verdict is Verdict.VALID), theirs["Error"]


def question(name: RepositoryName, outcome: Outcome, folder: Path) -> dict[str, Any]:
    """The signature as it lies in the registry, for the other verifier."""
    assert outcome.system is SignatureSystem.NOTATION
    (layer,) = json.loads(crane("manifest", f"{name}@{outcome.artifact}"))["layers"]
    envelope = folder / "envelope"
    envelope.write_bytes(crane("blob", f"{name}@{layer['digest']}"))
    body = crane("manifest", f"{name}@{outcome.subject_digest}")
    subject = {"mediaType": json.loads(body)["mediaType"], "digest": outcome.subject_digest, "size": len(body.rstrip(b"\n"))}
    return {
        "ID": "1",
        "Envelope": str(envelope),
        "MediaType": layer["mediaType"],
        "Config": TRUSTED,
        "Policy": json.loads((Path(TRUSTED) / "trustpolicy.json").read_text()),
        "Reference": f"{name}@{outcome.subject_digest}",
        "Descriptor": subject,
    }


def oracle(asked: dict[str, Any]) -> dict[str, Any]:
    """What notation-go makes of it."""
    done = subprocess.run(["lab-verifier"], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("reference", sorted(TABLE))
def test_cosign_agrees_on_each(reference: str) -> None:
    image = images()[reference]
    ours = any(outcome.verdict.accepted for outcome in outcomes(reference) if outcome.system is SignatureSystem.COSIGN)
    for bundle in ("true", "false"):
        command = ["cosign", "verify", "--key", KEY, "--insecure-ignore-tlog=true", f"--new-bundle-format={bundle}"]
        done = subprocess.run([*command, f"{image.name}@{image.key.digest}"], capture_output=True, check=False, timeout=60)
        if done.returncode == 0:
            break
    assert (done.returncode == 0) is ours, done.stderr.decode()
