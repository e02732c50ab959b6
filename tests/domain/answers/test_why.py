"""Why something has its verdict: what decides is told, what does not is only named, and every command exists."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import estates as e
from tui.domain.answers.why.chain import Why
from tui.domain.answers.why.evidence import of_configuration, of_container, of_image, of_scan, of_signature, verification
from tui.domain.answers.why.images import why_base, why_image
from tui.domain.answers.why.wide import why_finding, why_place
from tui.domain.answers.why.workloads import why_workload
from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.common.trust import CheckName, State, roll_up
from tui.domain.facts.signature import Outcome, SignatureSystem, SignerCertificate, Verdict
from tui.domain.query.findings import find
from tui.domain.snapshot.snapshot import Image, ImageKey, PodRef, Snapshot

FLAGS: dict[tuple[str, ...], set[str]] = {
    ("kubectl", "get"): {"--context", "--namespace", "--output"},
    ("kubectl", "describe"): {"--context", "--namespace"},
    ("oras", "resolve"): set(),
    ("oras", "discover"): set(),
    ("oras", "manifest", "fetch"): {"--pretty"},
    ("oras", "manifest", "fetch-config"): {"--pretty", "--platform"},
    ("az", "acr", "repository", "show"): {"--name", "--image"},
    ("az", "graph", "query"): {"--graph-query"},
    ("notation", "verify"): set(),
    ("notation", "list"): set(),
    ("cosign", "tree"): set(),
    ("cosign", "verify"): {"--key", "--certificate-identity", "--certificate-oidc-issuer"},
    ("trivy", "image"): {"--severity"},
}
"""Subcommands and their flags: `kubectl get|describe --help` and `kubectl options` of 1.32, `--help` of oras 1.3 and cosign 3.1,
specs/commandline of notation, `az acr repository show` and `az graph query` of the Azure CLI reference, `trivy image --help`."""
READ_ONLY = {"get", "describe", "resolve", "discover", "manifest", "acr", "graph", "verify", "list", "tree", "image"}


def commands(why: Why | None) -> list[str]:
    assert why is not None
    return [command.line for fact in why.facts for command in fact.commands]


def exists(line: str) -> bool:
    """Whether a command is one of those in the table, with no flag beside its own."""
    words = shlex.split(line)
    flags = {word for word in words if word.startswith("-")}
    plain = tuple(word for word in words if not word.startswith("-"))
    if plain[0] == "kubectl":
        plain = ("kubectl", next(word for word in words if word in ("get", "describe")))
    known = next((FLAGS[plain[:length]] for length in (4, 3, 2) if plain[:length] in FLAGS), None)
    return known is not None and flags <= known and plain[1] in READ_ONLY


def failing(name: CheckName, state: State = State.FAIL, rule: str = "", **more: object) -> Snapshot:
    """The estate, where one answer about the API decides."""
    check = msgspec.structs.replace(e.check(name, state, f"{name} is not right."), rule=rule, **more)
    images = [
        msgspec.structs.replace(image, checks=(e.check(CheckName.REGISTRY, State.PASS), check), verdict=state)
        if image.key == e.API
        else image
        for image in e.IMAGES
    ]
    return e.estate(images)


def everything(snapshot: Snapshot) -> Iterator[Why | None]:
    """Why, of all that there is."""
    yield from (why_image(snapshot, key) for key in snapshot.images)
    yield from (why_base(snapshot, key) for key in snapshot.bases)
    yield from (why_workload(snapshot, key) for key in snapshot.workloads)
    yield from (why_finding(snapshot, finding) for finding in find(snapshot))
    yield from (why_place(snapshot, cluster) for cluster in ("prod-weu", "prod-neu"))


@pytest.mark.parametrize("name", CheckName)
@pytest.mark.parametrize("state", [State.FAIL, State.WARN, State.UNKNOWN])
def test_every_command_exists_and_only_reads(name: CheckName, state: State) -> None:
    lines = [line for why in everything(failing(name, state)) for line in commands(why)]
    assert lines
    assert [line for line in lines if not exists(line)] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (CheckName.REGISTRY, f"oras resolve {e.ACR}/payments/api:1.8.2"),
        (CheckName.SIGNATURE, f"oras discover {e.ACR}/payments/api@{e.API.digest}"),
        (CheckName.SCAN, f"trivy image --severity CRITICAL,HIGH {e.ACR}/payments/api@{e.API.digest}"),
        (CheckName.BASE, f"oras resolve {e.ACR}/base/python:3.12"),
        (
            CheckName.AGE,
            f"oras manifest fetch-config --pretty --platform linux/amd64 {e.ACR}/payments/api@{e.API.digest}",
        ),
    ],
)
def test_a_check_is_shown_by_the_tool_that_asks_the_same(name: CheckName, line: str) -> None:
    assert line in commands(why_image(failing(name), e.API))


def test_the_chain_begins_with_what_it_is_and_ends_with_who_runs_it() -> None:
    why = why_image(failing(CheckName.SIGNATURE, rule="signature.unsigned = fail (scope prod)"), e.API)
    assert why is not None
    assert [fact.about for fact in why.facts] == ["image", "signature", "use"]
    assert why.verdict is State.FAIL
    assert why.reference == f"{e.ACR}/payments/api@{e.API.digest}"
    assert "tagged 1.8.2 and latest" in why.facts[0].sentence
    assert why.facts[1].means.startswith("Nothing proves who made this image")
    assert "By the policy: signature.unsigned = fail (scope prod)." in why.facts[1].means
    assert "It runs in 1 workload with 3 pods: Deployment/api in payments of prod-weu (3 pods)." in why.facts[2].sentence


def test_what_passes_is_told_check_by_check() -> None:
    why = why_image(e.estate(), e.PYTHON)
    assert why is not None
    assert [(fact.about, fact.state) for fact in why.facts[1:]] == [("registry", State.PASS), ("use", State.OFF)]
    assert why.facts[2].sentence == "No workload that is known runs it."


def test_unknown_is_never_told_as_fine() -> None:
    why = why_image(failing(CheckName.SCAN, State.UNKNOWN, rule="scan.missing = unknown (built in)"), e.API)
    assert why is not None
    assert "unknown does not count as fine" in why.facts[1].means


def test_an_accepted_signature_with_a_warning_is_not_called_worthless() -> None:
    why = why_image(failing(CheckName.SIGNATURE, State.WARN, rule="signature.unverified = fail (built in)"), e.API)
    assert why is not None
    assert "proves nothing" not in why.facts[1].means


def test_an_exception_is_named() -> None:
    why = why_image(failing(CheckName.SCAN, State.WARN, accepted="EX-1 until 2026-04-01"), e.API)
    assert why is not None
    assert why.facts[1].means == "An exception of the policy accepts it: EX-1 until 2026-04-01."


def test_what_does_not_decide_is_only_named() -> None:
    snapshot = failing(CheckName.SIGNATURE)
    image = snapshot.images[e.API]
    checks = (*image.checks, e.check(CheckName.SCAN, State.UNKNOWN), e.check(CheckName.AGE, State.WARN))
    judged = msgspec.structs.replace(image, checks=checks, verdict=roll_up(checks))
    why = why_image(replace(snapshot, images={**snapshot.images, e.API: judged}), e.API)
    assert why is not None
    assert [fact.about for fact in why.facts] == ["image", "signature", "use"]
    assert why.beside == "Beside that, scan is unknown; age warns."


def test_a_container_that_cannot_start_is_shown_with_its_pods() -> None:
    why = why_workload(e.estate(), e.BROKEN)
    assert why is not None
    start = next(fact for fact in why.facts if fact.about == "web: start")
    assert start.sentence == "The repository does not exist."
    assert [command.line for command in start.commands] == ["kubectl --context prod-neu --namespace prod describe pod/pod-0"]


def test_every_container_that_decides_is_told_and_no_other() -> None:
    why = why_workload(e.estate(), e.WEB)
    assert why is not None
    assert not [fact for fact in why.facts if "proxy" in fact.about]
    assert [fact for fact in why.facts if "api" in fact.about]


def test_identity_is_shown_by_the_name_what_runs_and_what_the_name_means_now() -> None:
    snapshot = e.estate()
    workload = snapshot.workloads[e.WEB]
    api, sidecar = workload.containers
    lines = [command.line for command in of_container(workload, api)]
    assert lines[0] == (
        "kubectl --context prod-weu --namespace payments get deployment/api --output "
        """'jsonpath={.spec.template.spec.containers[?(@.name=="api")].image}'"""
    )
    assert """'jsonpath={.status.containerStatuses[?(@.name=="api")].imageID}'""" in lines[1]
    assert lines[-1] == f"oras resolve {e.ACR}/payments/api:1.8.2"
    assert "initContainerStatuses" in [command.line for command in of_container(workload, sidecar)][1]


def test_a_pod_that_is_asked_about_comes_first() -> None:
    why = why_workload(e.estate(), e.WEB, "pod-0")
    assert why is not None
    assert why.facts[1].about == "pod"
    assert "runs sha256:aaa" in why.facts[1].sentence
    assert "kubectl --context prod-weu --namespace payments describe pod/pod-0" in commands(why)


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome(SignatureSystem.NOTATION, Verdict.VALID, "ok"), "notation verify {}"),
        (
            Outcome(SignatureSystem.COSIGN, Verdict.VALID, "ok", signer="keys/my key.pub"),
            "cosign verify --key 'keys/my key.pub' {}",
        ),
        (Outcome(SignatureSystem.COSIGN, Verdict.VALID, "ok", signer="release"), "cosign verify --key KEY.pub {}"),
        (
            Outcome(SignatureSystem.COSIGN, Verdict.VALID, "ok", chain=(SignerCertificate("s", "i", "1", e.NOW, e.NOW, ""),)),
            "cosign verify --certificate-identity IDENTITY --certificate-oidc-issuer ISSUER {}",
        ),
    ],
)
def test_a_signature_is_verified_by_the_tool_that_made_it(outcome: Outcome, line: str) -> None:
    image = e.estate().images[e.API]
    assert verification(outcome, image) == line.format(f"{e.ACR}/payments/api@{e.API.digest}")


@pytest.mark.parametrize(
    ("source", "begin"),
    [
        (
            "trivy-operator/prod-weu",
            "kubectl --context prod-weu --namespace payments get vulnerabilityreports.aquasecurity.github.io",
        ),
        ("defender", "az graph query --graph-query"),
        ("attached", "oras discover"),
        ("aqua", "trivy image"),
    ],
)
def test_reports_are_shown_where_they_lie(source: str, begin: str) -> None:
    image = e.estate().images[e.API]
    lines = [command.line for command in of_scan(image, [SourceId(SourceKind.SCANNER, source)], [e.WEB])]
    assert lines[0].startswith(begin)
    assert lines[-1].startswith("trivy image")


def test_other_clusters_are_not_asked_for_a_clusters_reports() -> None:
    image = e.estate().images[e.API]
    lines = [command.line for command in of_scan(image, [SourceId(SourceKind.SCANNER, "trivy-operator/prod-neu")], [e.WEB])]
    assert not [line for line in lines if line.startswith("kubectl")]


def test_a_registry_that_is_not_azures_is_not_asked_by_az() -> None:
    key = ImageKey("quay.io", "edge/envoy", e.digest("5"))
    image = Image(key, (key.digest,), ("1.29",))
    assert [command.line for command in of_image(image)] == [
        "oras resolve quay.io/edge/envoy:1.29",
        f"oras manifest fetch --pretty quay.io/edge/envoy@{key.digest}",
    ]


def test_what_cannot_be_read_is_not_asked_for() -> None:
    key = ImageKey("quay.io", "edge/envoy", e.digest("5"))
    image = Image(key, (key.digest,), absent="quay.io does not answer")
    assert [*of_image(image), *of_signature(image), *of_configuration(image)] == []
    why = why_image(replace(e.estate(), images={key: image}), key)
    assert why is not None
    assert why.facts[0].state is State.UNKNOWN
    assert "cannot be read: quay.io does not answer" in why.facts[0].sentence


hostile = st.text(max_size=12) | st.sampled_from(["$(id)", "a;b", "`x`", "--all", "'", '"', "\n", "\x1b[2J", "‮x"])


@given(hostile, hostile, hostile)
def test_whatever_names_are_a_command_is_one_line_of_whole_words(name: str, pod: str, cluster: str) -> None:
    key = msgspec.structs.replace(e.WEB, name=name, cluster=cluster)
    workload = e.estate().workloads[e.WEB]
    ref = PodRef(pod, "n1", "Running", e.API.digest, None, container=name)
    container = msgspec.structs.replace(workload.containers[0], name=name, pod_refs=(ref,))
    strange = msgspec.structs.replace(workload, key=key, containers=(container,))
    lines = [command.line for command in of_container(strange, container)]
    for line in lines:
        assert line.isprintable() or not line.isascii()
        assert "\n" not in line
        assert "\x1b" not in line
        words = shlex.split(line)
        assert words[0] in ("kubectl", "oras")
        assert words[0] == "oras" or words[1:6:2] == ["--context", "--namespace", "get"]


def test_a_command_stands_with_the_first_fact_that_it_shows() -> None:
    for why in everything(failing(CheckName.REGISTRY)):
        lines = commands(why)
        assert len(lines) == len(set(lines))


def test_a_place_is_as_bad_as_its_worst_workload_and_tells_the_widest() -> None:
    why = why_place(e.estate(), "prod-weu")
    assert why is not None
    assert why.facts[0].sentence == "Of 2 workloads 1 fails. The widest is Deployment/api in payments of prod-weu."
    assert why.verdict is State.FAIL
    assert why_place(e.estate(), "elsewhere") is None


def test_a_finding_tells_how_wide_it_is_and_an_example() -> None:
    snapshot = failing(CheckName.SIGNATURE)
    finding = next(finding for finding in find(snapshot) if finding.check == "signature")
    why = why_finding(snapshot, finding)
    assert why.facts[0].sentence.endswith(": 1 image, 2 workloads and 3 pods.")
    assert why.facts[1].about == "payments/api:1.8.2: signature"
    assert [fact.about for fact in why.facts[2:]] == ["images", "workloads"]
