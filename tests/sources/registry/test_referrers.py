"""Which ways of finding what is attached are tried, and what is said when one of them is not there, or not there any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.sources.registry.helpers import Collector, demand, options, source
from tests.sources.registry.servers import CONFIG, MANIFEST, FakeRegistry
from tui.domain.facts.attached import FoundBy
from tui.domain.facts.events import LookupFailed
from tui.domain.facts.image import Descriptor
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.client import RegistryClient
from tui.sources.registry.referrers import ASK_AGAIN, LOOK_AGAIN, MAX_LISTED, MAX_REFERRERS, Referrers, ReferrersFound

NOTATION = "application/vnd.cncf.notary.signature"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.now


@asynccontextmanager
async def searching(server: FakeRegistry, clock: Clock) -> AsyncIterator[Referrers]:
    """Searches in a registry."""
    client = RegistryClient(options(server), Credentials())
    try:
        yield Referrers(client, clock)
    finally:
        await client.close()


async def test_an_api_that_was_there_before_and_is_missing_is_an_error_until_it_is_back() -> None:
    async with FakeRegistry() as server, searching(server, Clock()) as searches:
        subject = server.image("app", "1")
        found = await searches.find("app", subject, frozenset())
        assert (found.errors, found.notes, len(found.searched)) == ([], [], 3)
        server.with_referrers = False
        found = await searches.find("app", subject, frozenset())
        assert "offered the referrers API before, and does not offer it any more" in found.errors[0]
        assert found.failures
        server.with_referrers = True
        assert (await searches.find("app", subject, frozenset())).errors == []


async def test_a_registry_without_the_api_is_said_and_asked_again_after_a_while() -> None:
    clock = Clock()
    async with FakeRegistry(referrers=False) as server, searching(server, clock) as searches:
        subject = server.image("app", "1")
        found = await searches.find("app", subject, frozenset())
        assert (found.errors, len(found.searched)) == ([], 2)
        assert "does not offer the referrers API: only the tags that tools use instead were looked at" in found.notes[0]
        asked = len(server.requests)
        assert (await searches.find("app", subject, frozenset())).notes
        assert len(server.requests) == asked  # remembered for a while
        server.with_referrers = True
        assert not await searches.has_changed()
        clock.now += ASK_AGAIN
        assert await searches.has_changed()
        assert (await searches.find("app", subject, frozenset())).notes == []


async def test_it_is_noticed_when_the_api_goes_and_when_it_comes_back() -> None:
    clock = Clock()
    async with FakeRegistry() as server, searching(server, clock) as searches:
        await searches.find("app", server.image("app", "1"), frozenset())
        changes = []
        for offered in (True, False, False, True, True):
            server.with_referrers = offered
            clock.now += LOOK_AGAIN
            changes.append(await searches.has_changed())
            assert not await searches.has_changed()  # not asked again at once
        assert changes == [False, True, False, True, False]


async def test_a_registry_that_never_had_it_is_not_searched_anew_for_ever() -> None:
    clock = Clock()
    async with FakeRegistry(referrers=False) as server, searching(server, clock) as searches:
        await searches.find("app", server.image("app", "1"), frozenset())
        for _ in range(3):
            clock.now += ASK_AGAIN
            assert not await searches.has_changed()


def listed(count: int, kind: str) -> list[Descriptor]:
    """Entries of a list."""
    return [Descriptor("m", f"sha256:{kind} {number}", 1, artifact_type=kind) for number in range(count)]


@pytest.mark.parametrize(
    ("junk", "signatures", "errors"),
    [(0, 3, 0), (MAX_REFERRERS, 3, 0), (MAX_REFERRERS + 500, 3, 1), (3, MAX_REFERRERS + 1, 1), (5000, 5000, 2)],
)
def test_junk_does_not_crowd_out_what_may_be_a_signature(junk: int, signatures: int, errors: int) -> None:
    found = ReferrersFound()
    for each in (*listed(junk, "application/spdx+json"), *listed(signatures, NOTATION)):
        found.add(each, "referrers")
    kept = [each.descriptor.artifact_type for each in found.referrers.values()]
    assert kept.count(NOTATION) == min(signatures, MAX_REFERRERS)
    assert len(found.errors) == errors
    assert not found.is_full


def test_a_list_without_an_end_is_left() -> None:
    found = ReferrersFound()
    for each in listed(MAX_LISTED, "x"):
        found.add(each, "referrers")
    assert found.is_full
    assert "goes on after" in found.errors[-1]


async def test_an_index_of_more_than_anybody_reads_says_what_was_left_out() -> None:
    async with FakeRegistry() as server:
        config = {"mediaType": CONFIG, **server.blob(b'{"os":"linux","architecture":"amd64"}')}
        bodies = [server.put("app", {"config": config, "layers": [], "annotations": {"n": str(n)}}) for n in range(70)]
        children: list[dict[str, object]] = [{"mediaType": MANIFEST, "digest": each, "size": 1} for each in bodies]
        server.index("app", "1", children)
        registry = source(options(server))
        async with Collector(registry) as seen:
            registry.want((demand("app", "1"),))
            await seen.idle()
        (failed,) = seen.of(LookupFailed)
        assert failed.reference == bodies[64]
        assert "names more manifests than are read of an image (64, and 256 in nested ones)" in failed.reason


@pytest.mark.parametrize(
    ("kind", "tag", "kept"),
    [
        ("application/vnd.dev.cosign.simplesigning.v1+json", FoundBy.COSIGN, FoundBy.COSIGN),
        ("application/vnd.dev.cosign.artifact.sig.v1+json", FoundBy.COSIGN, FoundBy.COSIGN),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", FoundBy.COSIGN, FoundBy.REFERRERS),
        ("application/vnd.cncf.notary.signature", FoundBy.COSIGN, FoundBy.REFERRERS),
        ("application/vnd.dsse.envelope.v1+json", FoundBy.COSIGN_ATTESTATION, FoundBy.COSIGN_ATTESTATION),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", FoundBy.COSIGN_ATTESTATION, FoundBy.REFERRERS),
        ("application/vnd.dev.cosign.simplesigning.v1+json", FoundBy.COSIGN_ATTESTATION, FoundBy.REFERRERS),
    ],
)
def test_what_is_listed_and_tagged_is_kept_as_its_tool_finds_it(kind: str, tag: FoundBy, kept: FoundBy) -> None:
    """Harbor lists what lies under cosign's tags among the referrers."""
    found = ReferrersFound()
    descriptor = Descriptor("application/vnd.oci.image.manifest.v1+json", "sha256:" + "a" * 64, 7, artifact_type=kind)
    found.add(descriptor, FoundBy.REFERRERS)
    found.add(descriptor, tag)
    assert [referrer.found_by for referrer in found.referrers.values()] == [kept]
