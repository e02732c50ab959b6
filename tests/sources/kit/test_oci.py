"""Manifests, indexes and descriptors as they are sent."""

from __future__ import annotations

import msgspec
import pytest

from tui.domain.common.decoding import from_json
from tui.sources.kit.oci import WireManifest, config_type, texts


def test_null_is_nothing_everywhere() -> None:
    descriptor = b'{"mediaType":null,"digest":null,"size":null,"platform":null,"annotations":{"a":null},"data":null}'
    body = b'{"schemaVersion":2,"config":%s,"layers":[%s],"manifests":null,"subject":null,"artifactType":null}'
    manifest = from_json(body % (descriptor, descriptor), WireManifest)
    assert manifest.layers is not None
    assert (config_type(manifest), manifest.manifests, manifest.layers[0].size) == ("", None, None)
    assert texts(manifest.layers[0].annotations) == {"a": ""}
    assert texts(None) == {}


@pytest.mark.parametrize(
    "body", [b"[]", b'{"layers":{}}', b'{"manifests":"x"}', b'{"layers":["x"]}', b'{"config":{"size":"1"}}', b'{"subject":1}']
)
def test_what_go_could_not_read_either_is_no_manifest(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        from_json(body, WireManifest)
