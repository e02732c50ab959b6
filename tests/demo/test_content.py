"""Images of the demo are real as far as digests reach: every name of a content is the hash of that content."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import lru_cache

import pytest

from tui.demo.content import Json, Stored
from tui.demo.estate.company import Company, build_company
from tui.demo.estate.huge import add_huge
from tui.demo.registry_contents import Repository

NOW = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)


@lru_cache
def company() -> Company:
    """The default estate, built once."""
    return build_company(1, NOW)


def repositories() -> list[Repository]:
    """Those that are served."""
    served = ("contoso.azurecr.io", "fabrikam.azurecr.io", "mcr.microsoft.com", "legacy.contoso.example")
    return [found for host in served for found in company().yard.shelves[host].repositories.values()]


def _hash(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _descriptors(manifest: Json) -> list[Json]:
    listed = manifest.get("manifests")
    assert listed is None or isinstance(listed, list)
    return listed or []


def test_every_manifest_and_blob_hashes_to_its_name() -> None:
    for repository in repositories():
        assert all(_hash(row.stored.body) == digest for digest, row in repository.rows.items())
        assert all(_hash(body) == digest for digest, body in repository.blobs.items())


def test_every_descriptor_names_something_that_is_there_with_its_size() -> None:
    for repository in repositories():
        for row in repository.rows.values():
            manifest = json.loads(row.stored.body)
            for child in _descriptors(manifest):
                found = repository.rows[str(child["digest"])].stored
                assert (child["mediaType"], child["size"]) == (found.media_type, len(found.body))
            if "config" in manifest:
                config = repository.blobs[manifest["config"]["digest"]]
                assert manifest["config"]["size"] == len(config)


def test_configs_agree_with_their_manifests_and_histories() -> None:
    for repository in repositories():
        for row in repository.rows.values():
            manifest = json.loads(row.stored.body)
            if "layers" not in manifest or "tar" not in manifest["layers"][0]["mediaType"]:
                continue  # an index, an attestation, or an artifact
            config = json.loads(repository.blobs[manifest["config"]["digest"]])
            assert len(config["rootfs"]["diff_ids"]) == len(manifest["layers"])
            history = config.get("history", [])
            assert not history or sum(not entry.get("empty_layer") for entry in history) == len(manifest["layers"])


def test_tags_name_manifests_that_are_there() -> None:
    for repository in repositories():
        assert all(tag.digest in repository.rows for tag in repository.tags.values())


def test_times_are_of_the_past_and_updates_follow_creations() -> None:
    for repository in repositories():
        times = [(row.created, row.updated) for row in repository.rows.values()]
        times += [(tag.created, tag.updated) for tag in repository.tags.values()]
        assert all(created <= updated <= NOW for created, updated in times)


def test_the_same_seed_makes_the_same_estate_and_another_seed_another() -> None:
    def fingerprint(found: Company) -> tuple[list[str], list[str]]:
        digests = sorted(
            digest for shelf in found.yard.shelves.values() for one in shelf.repositories.values() for digest in one.rows
        )
        return digests, [pod.name + pod.uid for cluster in found.clusters for pod in cluster.estate.pods]

    again, other = build_company(1, NOW), build_company(2, NOW)
    assert fingerprint(again) == fingerprint(company())
    assert not set(fingerprint(other)[1]) & set(fingerprint(again)[1])


def test_the_same_day_keeps_the_digests() -> None:
    later = build_company(1, NOW.replace(hour=22))
    known = {digest for one in repositories() for digest in one.rows}
    assert known <= {
        digest for shelf in later.yard.shelves.values() for one in shelf.repositories.values() for digest in one.rows
    }


def test_the_estate_has_its_size() -> None:
    served = repositories()
    works = {
        (cluster.estate.name, one.namespace, one.name) for cluster in company().clusters for one in cluster.estate.works.values()
    }
    pods = [pod for cluster in company().clusters for pod in cluster.estate.pods]
    assert 55 <= len(served) <= 85
    images = [row for one in served for row in one.rows.values() if not _beside(row.stored)]
    assert 370 <= len(images) <= 450
    assert 110 <= len(works) <= 145
    assert 850 <= len(pods) <= 950


def _beside(stored: Stored) -> bool:
    """Whether it is no image: something attached, or a signature of cosign's older kind."""
    return bool(stored.subject) or b"simplesigning" in stored.body


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout", "ReplicationController"])
def test_every_kind_of_workload_occurs(kind: str) -> None:
    assert any(one.kind == kind for cluster in company().clusters for one in cluster.estate.controllers)


def test_huge_is_huge() -> None:
    huge = build_company(1, NOW, extra=add_huge)
    assert sum(len(cluster.estate.pods) for cluster in huge.clusters) >= 10_000
    assert sum(shelf.manifests for shelf in huge.yard.shelves.values()) >= 5_000
