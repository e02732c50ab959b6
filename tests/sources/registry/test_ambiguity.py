"""Manifests and configs that nodes could read in another way than they are read here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tui.domain.facts.image import ManifestKind
from tui.errors import UntrustedPayload
from tui.sources.registry.parse import compute_digest, read_config, read_manifest

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "a" * 64, "size": 1}
OTHER = {**CONFIG, "digest": "sha256:" + "b" * 64}
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:" + "1" * 64, "size": 1}
IMAGE = {"schemaVersion": 2, "config": CONFIG, "layers": [LAYER]}
BUILT = {"architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z", "rootfs": {"diff_ids": ["sha256:1"]}}


def refusal(document: dict[str, Any] | str, content_type: str = OCI, *, config: bool = False) -> str:
    """Why a document is refused; empty when it is read."""
    body = (document if isinstance(document, str) else json.dumps(document)).encode()
    try:
        if config:
            read_config(body, compute_digest(body))
        else:
            read_manifest(body, compute_digest(body), content_type)
    except UntrustedPayload as error:
        return error.headline
    return ""


def twice(document: dict[str, Any], member: str) -> str:
    """The document with a member that stands there twice."""
    return json.dumps(document)[:-1] + f", {json.dumps(member)}: {json.dumps(document[member])}}}"


@pytest.mark.parametrize(
    "document",
    [
        {**IMAGE, "Config": OTHER},
        {**IMAGE, "LAYERS": []},
        {**IMAGE, "Manifests": [CONFIG]},
        {**IMAGE, "manife\u017fts": [CONFIG]},
        {"schemaVersion": 2, "config": CONFIG, "Layers": [LAYER]},
        {**IMAGE, "config": {**CONFIG, "Digest": OTHER["digest"]}},
        {**IMAGE, "layers": [{**LAYER, "MediaType": "text/plain"}]},
        twice(IMAGE, "config"),
        twice(IMAGE, "layers"),
    ],
    ids=str,
)
def test_a_manifest_with_a_member_twice_or_in_another_case_is_refused(document: dict[str, Any] | str) -> None:
    assert "twice or in another case" in refusal(document)


@pytest.mark.parametrize(
    "document",
    [
        {**BUILT, "Created": "2020-01-01T00:00:00Z"},
        {**BUILT, "RootFS": {"diff_ids": []}},
        {**BUILT, "rootfs": {"diff_ids": [], "Diff_IDs": ["sha256:2"]}},
        {**BUILT, "history": [{"created_by": "a", "Created_By": "b"}]},
        {**BUILT, "config": {"Labels": {}, "labels": {}}},
        twice(BUILT, "rootfs"),
    ],
    ids=str,
)
def test_a_config_with_a_member_twice_or_in_another_case_is_refused(document: dict[str, Any] | str) -> None:
    assert "twice or in another case" in refusal(document, config=True)


def test_what_may_be_called_anything_is_not_looked_at() -> None:
    assert not refusal({**IMAGE, "annotations": {"config": "1", "Config": "2"}, "vendor": {"a": 1, "A": 2}})
    assert not refusal({**BUILT, "config": {"Labels": {"a": "1", "A": "2"}, "Env": []}, "container_config": {}}, config=True)


@pytest.mark.parametrize(
    ("document", "content_type", "words"),
    [
        ({**IMAGE, "mediaType": INDEX}, INDEX, "calls itself an index and has the parts of an image"),
        (IMAGE, INDEX, "calls itself an index and has the parts of an image"),
        ({"schemaVersion": 2, "manifests": [CONFIG]}, OCI, "calls itself an image and has the parts of an index"),
        ({**IMAGE, "mediaType": OCI}, INDEX, "the registry that it is"),
    ],
)
def test_a_manifest_that_is_not_what_it_is_called_is_refused(document: dict[str, Any], content_type: str, words: str) -> None:
    assert words in refusal(document, content_type)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=utf-8", "application/octet-stream", ""])
def test_what_is_no_type_of_manifests_contradicts_nothing(content_type: str) -> None:
    body = json.dumps({**IMAGE, "mediaType": OCI}).encode()
    assert read_manifest(body, compute_digest(body), content_type).kind is ManifestKind.IMAGE
