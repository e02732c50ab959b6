"""Reports attached to images: what is read of which artifact, whose image it may speak of, and what cannot be read."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from tests.sources.scanners import documents as written
from tests.sources.scanners.servers import PATIENCE, Told
from tui.domain.facts.demand import ArtifactDemand, Priority
from tui.domain.facts.events import Event, HealthChanged, ScanGone, SourceState
from tui.domain.facts.image import Descriptor, Referrer, RepositoryName
from tui.errors import NotFound, SourceError, Unreachable, UntrustedPayload
from tui.sources.scanners.artifacts import MAX_ARTIFACTS
from tui.sources.scanners.attached import AttachedSource

WEB = RepositoryName(written.HOST, "shop/web")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Content:
    """A `ContentReader` over what was put into it; `error` is raised instead of every answer."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.error: SourceError | None = None
        self.read: list[str] = []

    def put(self, content: Any) -> str:
        """Keep a document; its digest."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        self.blobs[digest] = body
        return digest

    def attach(self, media_type: str, document: Any, *, kind: str | None = None, **annotations: str) -> Referrer:
        """An artifact with one layer, as a registry lists it."""
        layer = {"mediaType": media_type, "digest": self.put(document), "size": 1, "annotations": annotations}
        manifest = {"mediaType": MANIFEST, "artifactType": media_type if kind is None else kind, "layers": [layer]}
        return Referrer(Descriptor(MANIFEST, self.put(manifest), 1, None, str(manifest["artifactType"]), {"a": "b"}), "referrers")

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """A manifest."""
        return self._get(digest)

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """A blob."""
        return self._get(digest)

    def _get(self, digest: str) -> bytes:
        self.read.append(digest)
        if self.error is not None:
            raise self.error
        if digest not in self.blobs:
            raise NotFound(f"there is no {digest[:19]}", "")
        return self.blobs[digest]


def image(content: Content, *, config: str = written.CONFIG) -> str:
    """An image's manifest; its digest."""
    return content.put({"mediaType": MANIFEST, "config": {"mediaType": "x", "digest": config, "size": 1}, "layers": []})


def demand(subject: str, *referrers: Referrer, priority: Priority = Priority.RUNNING, error: str = "") -> ArtifactDemand:
    return ArtifactDemand(WEB, Descriptor(MANIFEST, subject, 1), referrers, priority, error)


def about(subject: str) -> dict[str, Any]:
    """Trivy's report on this manifest."""
    return written.trivy(Metadata={"RepoDigests": [f"{WEB}@{subject}"]})


async def until_idle(source: AttachedSource, *batches: ArtifactDemand) -> Told:
    """What it says until everything was answered, each further demand made when those before it were."""
    events: list[Event] = []
    waiting = list(batches)
    async with asyncio.timeout(PATIENCE), aclosing(source.events()) as stream:
        async for event in stream:
            events.append(event)
            if source.idle and isinstance(event, HealthChanged):
                if not waiting:
                    return Told(events)
                source.examine((waiting.pop(0),))
    raise AssertionError("the source ended")


async def examine(content: Content, *demands: ArtifactDemand) -> Told:
    source = AttachedSource(lambda registry: content if registry == written.HOST else None)
    source.examine(demands)
    source.examine(demands)
    return await until_idle(source)


@pytest.mark.parametrize(
    ("media_type", "document"),
    [
        ("application/vnd.aquasec.trivy.report+json", about),
        ("application/sarif+json", lambda digest: written.sarif() | {"runs": [written.sarif()["runs"][0] | {"properties": {}}]}),
        ("application/vnd.cyclonedx+json", lambda _: written.cyclonedx(metadata={})),
        (
            "application/vnd.in-toto+json",
            lambda digest: written.statement(
                "https://cosign.sigstore.dev/attestation/vuln/v1", {"scanner": {"result": about(digest)}}, digest
            ),
        ),
        (
            "application/vnd.dsse.envelope.v1+json",
            lambda digest: written.envelope(
                written.statement(
                    "https://in-toto.io/attestation/vulns/v0.1", {"scanner": {"result": [{"id": "CVE-2026-1"}]}}, digest
                )
            ),
        ),
        (
            "application/vnd.dev.sigstore.bundle.v0.3+json",
            lambda digest: written.bundle(
                written.statement(
                    "https://cosign.sigstore.dev/attestation/vuln/v1", {"scanner": {"result": about(digest)}}, digest
                )
            ),
        ),
    ],
)
async def test_reports_of_every_form_are_read(media_type: str, document: Callable[[str], Any]) -> None:
    content = Content()
    subject = image(content)
    found = await examine(content, demand(subject, content.attach(media_type, document(subject))))
    assert (found.one.name, found.one.digest, found.one.complete) == (WEB, subject, True)
    assert found.one.vulnerabilities is not None
    assert [each.id for each in found.one.vulnerabilities] == ["CVE-2026-1"]


@pytest.mark.parametrize(
    ("media_type", "wrap", "author"),
    [
        ("application/vnd.openvex+json", lambda document, _: document, "Contoso PSIRT (unsigned)"),
        (
            "application/vnd.dsse.envelope.v1+json",
            lambda document, digest: written.envelope(written.statement("https://openvex.dev/ns/v0.2.0", document, digest)),
            "Contoso PSIRT (its signature is not verified here)",
        ),
    ],
)
async def test_statements_say_that_nobody_verified_their_author(media_type: str, wrap: Any, author: str) -> None:
    content = Content()
    subject = image(content)
    document = wrap(written.openvex(f"pkg:oci/web@{subject}"), subject)
    found = await examine(content, demand(subject, content.attach(media_type, document)))
    assert [vex.author for vex in found.one.vex] == [author]


async def test_a_report_on_another_image_says_nothing_of_this_one() -> None:
    """Whoever may push to one repository must not clear, or blame, the images of another."""
    content = Content()
    subject = image(content)
    other = "sha256:" + "b" * 64
    reports = (
        content.attach("application/vnd.trivy+json", about(other)),
        content.attach("application/vnd.openvex+json", written.openvex(f"pkg:oci/web@{other}")),
        content.attach("application/vnd.openvex+json", written.openvex("pkg:oci/api?repository_url=contoso.azurecr.io/shop/api")),
        content.attach("application/vnd.openvex+json", written.openvex("pkg:oci/api")),
        content.attach("application/vnd.openvex+json", written.openvex("pkg:docker/org/other@1.0")),
    )
    found = await examine(content, demand(subject, *reports))
    assert len(found.reports) == 5
    for report in found.reports.values():
        assert (report.digest, report.complete, report.vulnerabilities, report.vex) == (subject, False, None, ())
        assert "about another" in report.reason


async def test_a_report_on_the_config_or_a_platform_is_about_the_image() -> None:
    content = Content()
    platform = image(content)
    index = content.put({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [{"digest": platform}]})
    local = written.trivy(Metadata={"ImageID": written.CONFIG})
    found = await examine(
        content,
        demand(platform, content.attach("application/vnd.trivy+json", local)),
        demand(index, content.attach("application/vnd.trivy+json", about(platform))),
    )
    assert sorted(report.digest for report in found.reports.values()) == sorted((written.CONFIG, platform))
    assert all(report.complete for report in found.reports.values())


async def test_other_artifacts_are_left_alone() -> None:
    content = Content()
    subject = image(content)
    others = (
        content.attach("application/jose+json", b"{}", kind="application/vnd.cncf.notary.signature"),
        content.attach("application/vnd.dev.cosign.simplesigning.v1+json", b"{}"),
        content.attach("text/spdx+json", b"{}"),
        content.attach("application/vnd.in-toto+json", {}, **{"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}),
        content.attach("application/vnd.dev.sigstore.bundle.v0.3+json", {"messageSignature": {}}),
        content.attach("application/octet-stream", b"\x00"),
    )
    found = await examine(content, demand(subject, *others))
    assert found.reports == {}
    assert found.health.state is SourceState.OK


async def test_nothing_attached_costs_no_request() -> None:
    content = Content()
    found = await examine(content, demand("sha256:" + "d" * 64))
    assert (found.reports, content.read) == ({}, [])


@pytest.mark.parametrize("document", [b"<html>", b"\x00", b"{", {"SchemaVersion": 2, "Results": 7}])
async def test_a_report_that_cannot_be_read_is_said_and_the_next_one_is(document: Any) -> None:
    content = Content()
    subject = image(content)
    broken = content.attach("application/vnd.trivy+json", document)
    found = await examine(content, demand(subject, broken, content.attach("application/vnd.grype+json", about(subject))))
    assert sorted(report.complete for report in found.reports.values()) == [False, True]
    assert any("cannot be read" in report.reason for report in found.reports.values())


async def test_more_than_are_read_is_said() -> None:
    content = Content()
    subject = image(content)
    media_type = "application/vnd.aquasec.trivy.report+json"
    many = [content.attach(media_type, about(subject) | {"ReportID": str(number)}) for number in range(MAX_ARTIFACTS + 1)]
    told = await examine(content, demand(subject, *many))
    assert [report.reason for report in told.reports.values() if not report.complete] == [
        "of 51 artifacts that are attached to it, 50 are read"
    ]


async def test_a_registry_that_does_not_answer_leaves_the_image_unknown_and_is_asked_again() -> None:
    content = Content()
    subject = image(content)
    wanted = demand(subject, content.attach("application/vnd.trivy+json", about(subject)))
    content.error = Unreachable("contoso.azurecr.io did not answer", "Check the network.")
    source = AttachedSource(lambda _: content, retry=0.0)
    source.examine((wanted,))
    first = await until_idle(source)
    assert not first.one.complete
    assert (first.health.state, first.health.remedy) == (SourceState.PARTIAL, "Check the network.")
    content.error = None
    events: list[Event] = list(first.events)
    async with asyncio.timeout(PATIENCE), aclosing(source.events()) as stream:
        async for event in stream:
            events.append(event)
            if Told(events).health.state is SourceState.OK and len(Told(events).reports) == 1 and Told(events).one.complete:
                break


async def test_what_no_longer_hangs_there_is_gone_unless_the_list_may_not_be_whole() -> None:
    content = Content()
    subject = image(content)
    report = content.attach("application/vnd.trivy+json", about(subject))
    for error, left in (("", 0), ("the referrers API is refused", 1)):
        source = AttachedSource(lambda _: content)
        source.examine((demand(subject, report),))
        found = await until_idle(source, demand(subject, error=error))
        assert len(found.reports) == left
        assert any(isinstance(event, ScanGone) for event in found.events) is (not left)


async def test_a_registry_that_may_not_be_asked_is_not() -> None:
    source = AttachedSource(lambda _: None)
    content = Content()
    source.examine((demand(image(content), content.attach("application/vnd.trivy+json", {})),))
    assert (await until_idle(source)).reports == {}
    assert content.read == []


async def test_a_blob_that_is_too_large_is_said() -> None:
    content = Content()
    subject = image(content)
    artifact = content.attach("application/vnd.trivy+json", about(subject))

    async def blob(name: RepositoryName, digest: str, limit: int) -> bytes:
        raise UntrustedPayload(f"the blob is larger than {limit >> 20} MiB", "")

    content.blob = blob  # type: ignore[method-assign]
    found = await examine(content, demand(subject, artifact))
    assert not found.one.complete
    assert "larger than 32 MiB" in found.one.reason
