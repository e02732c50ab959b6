"""The registry source against real sockets: what is read, in which order, and how it stays current."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from tests.sources.registry.helpers import HOST, Collector, Entra, basic, demand, options, source
from tests.sources.registry.servers import MANIFEST, FakeRegistry, digest_of
from tests.tried import tried
from tui.domain.facts.demand import Priority
from tui.domain.facts.events import (
    AbsenceKind,
    CatalogListed,
    ClaimsRead,
    ConfigRead,
    LookupFailed,
    ManifestRead,
    ManifestsListed,
    ReferrersListed,
    SourceState,
    TagResolved,
    TagsListed,
)
from tui.domain.facts.image import ClaimKind, ManifestKind, Platform
from tui.sources.kit.credentials import Credentials
from tui.sources.ports import DemandSource, RereadSource


async def test_a_tag_is_resolved_and_its_platforms_and_configs_are_read() -> None:
    async with FakeRegistry() as server:
        digest = server.multiarch("team/app", "1.0")
        registry = source(options(server, catalog=False))
        assert isinstance(registry, DemandSource)
        registry.want((demand("team/app", "1.0"),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert [(event.tag, event.digest) for event in seen.of(TagResolved)] == [("1.0", digest)]
        assert sorted(event.manifest.kind for event in seen.of(ManifestRead)) == [ManifestKind.IMAGE] * 2 + [ManifestKind.INDEX]
        configs = [event.config for event in seen.of(ConfigRead)]
        assert {config.platform for config in configs} == {Platform("linux", "amd64"), Platform("linux", "arm64")}
        assert configs[0].labels == {"made.by": "team/app"}
        assert configs[0].created is not None
        assert seen.health.state is SourceState.OK


async def test_asking_twice_costs_nothing() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1")
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
            before = len(server.requests)
            registry.want((demand("app", "1"), demand("app", "1", Priority.BASE)))
            await seen.idle()
            assert len(server.requests) == before


async def test_the_same_content_under_two_names_is_fetched_once() -> None:
    async with FakeRegistry() as server:
        digest = server.image("one", "1")
        server.manifests["two"], server.tags["two"] = dict(server.manifests["one"]), {}
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("one", digest),))
        async with Collector(registry) as seen:
            await seen.idle()
            registry.want((demand("two", digest),))
            await seen.until(lambda: len(seen.of(ManifestRead)) == 2)
        assert server.paths("/v2/two/") == [f"HEAD /v2/two/manifests/{digest}"]
        assert len(seen.of(ConfigRead)) == 1


async def test_what_runs_is_answered_before_its_bases() -> None:
    async with FakeRegistry() as server:
        for name in ("base", "running", "opened"):
            server.image(name, "1")
        registry = source(options(server, catalog=False, concurrency=1, refresh=60.0))
        registry.want((demand("base", "1", Priority.BASE), demand("running", "1"), demand("opened", "1", Priority.OPENED)))
        async with Collector(registry) as seen:
            await seen.idle()
        assert [event.name.repository for event in seen.of(TagResolved)] == ["opened", "running", "base"]


async def test_a_moved_tag_and_a_purged_manifest_appear_live() -> None:
    async with FakeRegistry() as server:
        old = server.image("app", "1", layers=("a",))
        registry = source(options(server, catalog=False))
        registry.want((demand("app", "1"), demand("app", old)))
        async with Collector(registry) as seen:
            await seen.until(lambda: seen.of(TagResolved))
            new = server.image("app", "1", layers=("a", "b"))
            await seen.until(lambda: seen.of(TagResolved)[-1].digest == new)
            del server.manifests["app"][old]
            await seen.until(lambda: [one for one in seen.of(LookupFailed) if one.reference == old])
        assert seen.of(LookupFailed)[-1].kind is AbsenceKind.MANIFEST_UNKNOWN


async def test_the_rest_of_an_acr_is_listed_and_read_with_pages_followed() -> None:
    async with FakeRegistry(acr=True, auth="bearer", page=2) as server:
        for name in ("team/a", "team/b", "team/c"):
            server.multiarch(name, "1")
            server.image(name, "2")
        server.image("team/a", "3", layers=("x",))
        entra = Entra()
        registry = source(options(server), Credentials(entra=entra))
        async with Collector(registry) as seen:
            await seen.idle()
        assert seen.of(CatalogListed)[-1].repositories == ("team/a", "team/b", "team/c")
        assert seen.of(CatalogListed)[-1].complete
        tags = {str(event.name): [tag.name for tag in event.tags] for event in seen.of(TagsListed)}
        assert tags[f"{HOST}/team/a"] == ["1", "2", "3"]
        listed = {event.name.repository: event.manifests for event in seen.of(ManifestsListed)}
        assert len(listed["team/a"]) == 4
        assert listed["team/a"][0].pushed is not None
        assert len({event.manifest.digest for event in seen.of(ManifestRead)}) == 3 * 3 + 1
        assert server.paths("/oauth2/exchange") == ["POST /oauth2/exchange"]
        assert seen.health.identity == "ops@contoso.test (az login)"
        assert seen.health.state is SourceState.OK


async def test_a_registry_without_catalog_is_walked_as_far_as_it_runs() -> None:
    async with FakeRegistry() as server:
        server.catalog = False
        server.image("app", "1")
        server.image("app", "2", layers=("b",))
        server.image("other", "1")
        registry = source(options(server))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.OK)
        assert {event.name.repository for event in seen.of(TagsListed)} == {"app"}
        assert [denial.what for denial in seen.health.denials] == ["the list of repositories"]


@pytest.mark.parametrize("api", [True, False], ids=["referrers-api", "tag-schema-only"])
async def test_what_is_attached_is_found_in_every_way(api: bool) -> None:
    async with FakeRegistry(referrers=api) as server:
        digest = server.image("app", "1")
        schema = digest.replace(":", "-")
        notation: dict[str, object] = {
            "artifactType": "application/vnd.cncf.notary.signature",
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", **server.blob(b"{}")},
            "layers": [{"mediaType": "application/jose+json", **server.blob(b"signature")}],
            "subject": {"mediaType": MANIFEST, "digest": digest, "size": 1},
        }
        signature = server.put("app", notation)
        server.index(
            "app", schema, [{"mediaType": MANIFEST, "digest": signature, "size": 1, "artifactType": notation["artifactType"]}]
        )
        cosign_layer = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", **server.blob(b"payload")}
        cosign = server.put("app", {"config": notation["config"], "layers": [cosign_layer]}, f"{schema}.sig")
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1", referrers=True),))
        async with Collector(registry) as seen:
            await seen.idle()
        (found,) = seen.of(ReferrersListed)
        assert found.subject == digest
        assert found.error == ""
        expected = {(signature, "referrers" if api else "tag-schema"), (cosign, "cosign-tag")}
        assert {(one.descriptor.digest, one.found_by) for one in found.referrers} == expected


@pytest.mark.parametrize("refused", [False, True], ids=["listed", "refused"])
async def test_tags_are_listed_once_for_all_manifests_that_are_searched(refused: bool) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse | None:
        return web.json_response({"errors": [{"code": "DENIED"}]}, status=403) if "/tags/list" in request.path else None

    async with FakeRegistry() as server:
        server.multiarch("app", "1")
        server.fault = refuse if refused else None
        registry = source(options(server, catalog=False, refresh=60.0))
        registry.want((demand("app", "1", referrers=True),))
        async with Collector(registry) as seen:
            await seen.idle()
        assert len(seen.of(ReferrersListed)) == 3
        assert len([path for _, path, _ in server.requests if "/tags/list" in path]) == 1


async def test_provenance_in_an_attestation_manifest_becomes_claims() -> None:
    # Shape: BuildKit docs/attestations/attestation-storage.md.
    base = digest_of(b"base")
    async with FakeRegistry() as server:
        image = server.image("app")
        material = {"uri": "pkg:docker/debian@12?platform=linux%2Famd64", "digest": {"sha256": base[7:]}}
        builder = {"id": "https://github.com/contoso/shop/actions/runs/81/attempts/1"}
        predicate = {"materials": [material], "builder": builder}
        statement = json.dumps({"predicateType": "https://slsa.dev/provenance/v0.2", "predicate": predicate}).encode()
        layer = {"mediaType": "application/vnd.in-toto+json", **server.blob(statement)}
        layer["annotations"] = {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}
        config = {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            **server.blob(b'{"architecture":"unknown","os":"unknown"}'),
        }
        attestation = server.put("app", {"config": config, "layers": [layer]})
        index = server.index(
            "app",
            "1",
            [
                {"mediaType": MANIFEST, "digest": image, "size": 1, "platform": {"os": "linux", "architecture": "amd64"}},
                {
                    "mediaType": MANIFEST,
                    "digest": attestation,
                    "size": 1,
                    "platform": {"os": "unknown", "architecture": "unknown"},
                    "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image},
                },
            ],
        )
        registry = source(options(server, catalog=False))
        registry.want((demand("app", "1"),))
        async with Collector(registry) as seen:
            await seen.idle()
        of_base, of_builder = seen.of(ClaimsRead)
        assert of_base.digest == image
        assert [(claim.kind, claim.digest) for claim in of_base.claims] == [(ClaimKind.PROVENANCE, base)]
        assert (of_builder.digest, of_builder.claims) == (index, ())
        assert [(claim.run, claim.repository) for claim in of_builder.builders] == [("81", "github.com/contoso/shop")]
        assert len(seen.of(ConfigRead)) == 1


async def test_a_denied_repository_is_partial_and_loses_nothing_else() -> None:
    async with FakeRegistry(auth="bearer") as server:
        server.image("open", "1")
        server.image("restricted/vault", "1")
        server.denied.add("restricted/vault")
        registry = source(basic(server, catalog=False))
        registry.want((demand("open", "1"), demand("restricted/vault", "1")))
        async with Collector(registry) as seen:
            await seen.idle()
            await seen.until(lambda: seen.health.state is SourceState.PARTIAL)
        (failed,) = [one for one in seen.of(LookupFailed) if one.name.repository == "restricted/vault"][:1]
        assert failed.kind is AbsenceKind.DENIED
        assert failed.right == "pull on restricted/vault"
        assert failed.remedy
        assert seen.of(TagResolved)[0].name.repository == "open"
        assert [denial.what for denial in seen.health.denials] == [f"{HOST}/restricted/vault"]


async def test_an_unreachable_registry_answers_unknown_with_the_reason_and_recovers_live() -> None:
    server = await FakeRegistry().start()
    server.image("app", "1")
    here = options(server, catalog=False)
    port = int(server.url.rsplit(":", 1)[1])
    await server.stop()
    registry = source(here)
    registry.want((demand("app", "1"),))
    async with Collector(registry) as seen:
        await seen.idle()
        assert seen.of(LookupFailed)[0].kind is AbsenceKind.UNREACHABLE
        await seen.until(lambda: seen.health.state is SourceState.FAILED)
        assert "cannot be connected to" in seen.health.error
        assert seen.health.remedy
        await server.start(port=port)
        await seen.until(lambda: seen.of(TagResolved))
        await seen.until(lambda: seen.health.state is SourceState.OK)
    await server.stop()


async def test_diagnose_names_what_may_be_read() -> None:
    async with FakeRegistry(acr=True, auth="bearer") as server:
        server.image("team/app", "1")
        registry = source(options(server), Credentials(entra=Entra()))
        found = {line.what: line for line in await tried(registry.diagnose())}
        assert [line.state for line in found.values()] == ["ok"] * 8
        assert found["sign-in"].detail == "as ops@contoso.test (az login)"
        assert found["pull"].detail.startswith("team/app:1 is sha256:")
        assert found["locks"].detail == "team/app is not locked; team/app:1 is not locked"


async def test_diagnose_names_the_missing_right() -> None:
    async with FakeRegistry(acr=True, auth="bearer") as server:
        server.image("team/app", "1")
        server.denied.add("team/app")
        registry = source(options(server), Credentials(entra=Entra()))
        registry.want((demand("team/app", "1"),))
        found = {line.what: line for line in await tried(registry.diagnose())}
        assert found["catalog"].state == "ok"
        assert (found["tags"].state, found["tags"].right) == ("denied", "metadata/read on team/app")
        assert "Container Registry Repository Reader" in found["tags"].remedy


async def test_diagnose_finds_no_fault_with_an_empty_registry() -> None:
    async with FakeRegistry() as server:
        found = await tried(source(options(server)).diagnose())
    assert [(line.what, line.state) for line in found] == [
        ("reachable", "ok"),
        ("sign-in", "ok"),
        ("catalog", "ok"),
        ("tags", "off"),
        ("pull", "off"),
        ("referrers", "off"),
    ]


async def test_diagnose_says_what_is_done_without_an_api() -> None:
    async with FakeRegistry(referrers=False) as server:
        server.image("team/app", "1")
        registry = source(options(server))
        found = {line.what: line for line in await tried(registry.diagnose())}
    line = found["referrers"]
    assert (line.state, line.detail, line.remedy) == ("ok", "not offered: what is attached is found by its tags", "")


def test_digests_in_these_tests_are_real() -> None:
    assert digest_of(b"").endswith("b855")


async def test_what_may_have_changed_is_looked_at_again_when_somebody_says_so() -> None:
    async with FakeRegistry() as server:
        server.image("app", "1", layers=("a",))
        registry = source(options(server, catalog=False, refresh=3600.0))
        assert isinstance(registry, RereadSource)
        registry.want((demand("app", "1", referrers=True),))
        async with Collector(registry) as seen:
            await seen.idle()
            new = server.image("app", "1", layers=("a", "b"))
            registry.look_again((demand("app", "1", referrers=True),))
            await seen.until(lambda: seen.of(TagResolved)[-1].digest == new)
            await seen.until(lambda: [listed for listed in seen.of(ReferrersListed) if listed.subject == new])
            signature = {"mediaType": MANIFEST, "artifactType": "application/vnd.cncf.notary.signature", "layers": []}
            server.put("app", {**signature, "subject": {"mediaType": MANIFEST, "digest": new, "size": 1}})
            registry.look_again((demand("app", "1", referrers=True),))
            await seen.until(lambda: [each for each in seen.of(ReferrersListed) if each.subject == new and each.referrers])
