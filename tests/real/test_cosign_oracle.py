"""Our verifier against `cosign verify`: never more lenient, and no stricter but for a reason that the case names.

What cosign says is written down with each case, so that this needs no cosign. Where one is installed (`TRUSTREE_COSIGN`, or on
the path) it is asked, and what is written down must be what it says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tests.real.cosign_bench import NOW, Bench, Case, Mode
from tests.real.cosign_cases import all_cases
from tests.real.cosign_registry import Registry, serving
from tests.sources.signatures import cosigner
from tests.sources.signatures.instance import ISSUER, SUBJECT
from tui.domain.facts.asking import RegistryKind
from tui.domain.facts.demand import ArtifactDemand
from tui.domain.facts.image import Descriptor, RepositoryName
from tui.domain.facts.signature import Outcome, Verdict
from tui.sources.kit.credentials import Credentials
from tui.sources.kit.throttle import budgets_for
from tui.sources.registry.attachments import RegistryAttachments
from tui.sources.registry.options import RegistryOptions
from tui.sources.signatures.artifacts import gather
from tui.sources.signatures.assessing import StaticResults, assess
from tui.sources.signatures.options import Signer, TrustPaths
from tui.sources.signatures.trust import read_trust

COSIGN = os.environ.get("TRUSTREE_COSIGN") or shutil.which("cosign") or ""
# Where we take what cosign refuses; docs/trust.md has the same list with the reasons.
MORE_LENIENT = {
    "key P-384 sha384": "the digest that `cosign sign` takes",
    "key P-521 sha512": "the digest that `cosign sign` takes",
    "place attestation of another key and a good signature": "it takes no signature away, as with --new-bundle-format=false",
    "place attached with cosign's type": "as with --experimental-oci11",
}


class Asked(msgspec.Struct):
    """A registry with every case in a repository of its own, and the files that the questions name."""

    registry: Registry
    bench: Bench
    cases: list[Case]
    folder: Path


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("cosign")
    with serving() as registry:
        bench = Bench(registry.image())
        cases = list(all_cases(bench))
        (folder / "trusted_root.json").write_bytes(bench.instance.trusted_root())
        for number, case in enumerate(cases):
            (folder / f"{number}.pub").write_bytes(case.file or cosigner.pem(case.key or bench.key))
            for attached in case.attached:
                registry.attach(f"case{number}", bench.digest, attached)
        yield Asked(registry, bench, cases, folder)


def reading(asked: Asked) -> RegistryAttachments:
    """A reader of the registry, which nobody else shares: no reason to hold back."""
    endpoint, pace = f"http://{asked.registry.host}", budgets_for(600_000)
    options = RegistryOptions(host="registry.test", endpoint=endpoint, kind=RegistryKind.OCI, requests_per_minute=pace)
    return RegistryAttachments(options, Credentials())


def trusted(asked: Asked, number: int) -> TrustPaths:
    """What the question trusts."""
    root, mode = str(asked.folder / "trusted_root.json"), asked.cases[number].mode
    if mode is Mode.KEYLESS:
        return TrustPaths(identities=(Signer(SUBJECT, ISSUER),), trusted_root=root, require_log=True)
    keys = (str(asked.folder / f"{number}.pub"),)
    return TrustPaths(cosign_keys=keys, trusted_root=root if mode is Mode.LOG else "", require_log=mode is Mode.LOG)


async def ours(asked: Asked, number: int, reader: RegistryAttachments) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
    """What we say of every signature, and what could not be read."""
    name = RepositoryName("registry.test", f"case{number}")
    referrers, errors = await reader.attached(name, asked.bench.digest)
    demand = ArtifactDemand(name, Descriptor("application/vnd.oci.image.manifest.v1+json", asked.bench.digest, 1), referrers)
    found = await gather(demand, reader)
    statics = StaticResults()
    kept = tuple(statics.found(artifact) for artifact in found.artifacts)
    trust = read_trust(trusted(asked, number), NOW)
    return assess(demand, kept, trust, NOW).outcomes, (*errors, *found.errors)


def cosigns(asked: Asked, number: int, **environment: str) -> tuple[bool, str]:
    """Whether cosign verifies it, and its last words."""
    case = asked.cases[number]
    root = str(asked.folder / "trusted_root.json")
    command = [COSIGN, "verify", "--allow-http-registry", "--offline"]
    if case.mode is Mode.KEYLESS:
        command += ["--certificate-identity", SUBJECT, "--certificate-oidc-issuer", ISSUER, "--trusted-root", root]
    else:
        command += ["--key", str(asked.folder / f"{number}.pub")]
        command += ["--trusted-root", root] if case.mode is Mode.LOG else ["--insecure-ignore-tlog=true"]
    command.append(f"{asked.registry.host}/case{number}@{asked.bench.digest}")
    home = {"PATH": os.environ["PATH"], "HOME": str(asked.folder), "DOCKER_CONFIG": str(asked.folder)} | environment
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=home)
    return done.returncode == 0, done.stderr[-400:]


async def test_we_are_never_more_lenient_and_stricter_only_for_a_reason(asked: Asked) -> None:
    reader = reading(asked)
    lenient, strict = [], []
    try:
        for number, case in enumerate(asked.cases):
            outcomes, errors = await ours(asked, number, reader)
            accepted = any(outcome.verdict.accepted for outcome in outcomes)
            words = f"{case.name}: {[outcome.sentence for outcome in outcomes]} {errors}"
            if accepted and not case.verified and case.name not in MORE_LENIENT:
                lenient.append(words)
            if not accepted and case.verified and not case.stricter:
                strict.append(words)
    finally:
        await reader.close()
    assert (lenient, strict) == ([], [])
    assert len(asked.cases) > 200


async def test_what_another_root_vouches_for_is_undecided(asked: Asked) -> None:
    reader = reading(asked)
    try:
        number = next(n for n, case in enumerate(asked.cases) if case.name == "keyless under another root, bundle")
        outcomes, _ = await ours(asked, number, reader)
        assert [outcome.verdict for outcome in outcomes] == [Verdict.INCONCLUSIVE]
    finally:
        await reader.close()


@pytest.mark.skipif(not COSIGN, reason="set TRUSTREE_COSIGN to the path of cosign 3, or have it on the path")
def test_cosign_says_what_is_written_down(asked: Asked) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda number: cosigns(asked, number), range(len(asked.cases))))
    wrong = [
        f"{case.name}: cosign {'verifies' if verified else 'refuses'} it: {words}"
        for case, (verified, words) in zip(asked.cases, answers, strict=True)
        if verified is not case.verified
    ]
    assert wrong == []


@pytest.mark.skipif(not COSIGN, reason="set TRUSTREE_COSIGN to the path of cosign 3, or have it on the path")
@pytest.mark.parametrize("name", ["payload good", "bundle good", "keyless good, older", "keyless good, bundle"])
def test_cosign_looks_in_its_repository_and_nowhere_else(asked: Asked, name: str) -> None:
    number = next(number for number, case in enumerate(asked.cases) if case.name == name)
    nothing = next(number for number, case in enumerate(asked.cases) if case.name == "place nothing")
    there = {"COSIGN_REPOSITORY": f"{asked.registry.host}/case{number}"}
    elsewhere = {"COSIGN_REPOSITORY": f"{asked.registry.host}/case{nothing}"}
    assert cosigns(asked, number, **there)[0]
    assert not cosigns(asked, number, **elsewhere)[0]
