"""The layers of an image, from its manifest and its configuration, with whose they are as far as that is known."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estates import NOW, AskNoCluster, company
from tui.domain.facts.build import Run
from tui.domain.facts.image import RepositoryName
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.errors import TrustreeError
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.layers import LAYERS, Layer, layers_of
from tui.presenters.tabs.spec import SectionContext

CONFIG = f"sha256:{'c' * 64}"


def manifest(*sizes: object) -> bytes:
    """A manifest (OCI image specification, manifest) with layers of these sizes."""
    layers = [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:1", "size": size} for size in sizes]
    return json.dumps({"schemaVersion": 2, "config": {"digest": CONFIG, "size": 1}, "layers": layers}).encode()


def configuration(*steps: dict[str, Any]) -> bytes:
    """A configuration (OCI image configuration) with this history."""
    return json.dumps({"architecture": "amd64", "os": "linux", "history": steps}).encode()


HISTORY = (
    {"created_by": "# debian.sh --arch 'amd64' out/ 'trixie'", "comment": "debuerreotype 0.16"},
    {"created_by": 'CMD ["bash"]', "empty_layer": True},
    {"created_by": "/bin/sh -c #(nop) COPY file:1a in /app "},
    {"created_by": "RUN /bin/sh -c pip install -r r.txt # buildkit"},
)


def test_each_layer_has_the_step_that_made_it() -> None:
    layers, told = layers_of(manifest(28_000_000, 100, 2_000_000), configuration(*HISTORY))
    assert told
    assert layers == (
        Layer(28_000_000, "# debian.sh --arch 'amd64' out/ 'trixie'"),
        Layer(100, "COPY file:1a in /app"),
        Layer(2_000_000, "pip install -r r.txt"),
    )


def test_of_a_squashed_image_no_command_is_guessed() -> None:
    layers, told = layers_of(manifest(28_000_000), configuration(*HISTORY))
    assert not told
    assert layers == (Layer(28_000_000, ""),)


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"{", b'{"manifests": []}', b'{"layers": 3}', b"\xff", b"[" * 100_000],
    ids=["empty", "list", "cut", "index", "type", "bytes", "deep"],
)
def test_what_is_no_manifest_of_an_image_says_so(document: bytes) -> None:
    with pytest.raises(TrustreeError):
        layers_of(document, configuration())


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_whatever_lies_there_it_is_layers_or_an_error_in_words(one: bytes, other: bytes) -> None:
    for pair in ((one, other), (manifest(1), other)):
        with suppress(TrustreeError):
            layers_of(*pair)


class Bodies(AskNoCluster):
    """One manifest and one configuration."""

    def __init__(self, manifest: bytes, configuration: bytes) -> None:
        self.bodies = (manifest, configuration)
        self.asked: list[str] = []

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The manifest."""
        self.asked.append(digest)
        return self.bodies[0]

    async def configuration(self, name: RepositoryName, digest: str) -> bytes:
        """The configuration."""
        self.asked.append(digest)
        return self.bodies[1]

    async def run_log(self, run: Run, most: int) -> Sequence[str]:
        """Nobody asks for one here."""
        raise AssertionError


async def shown(snapshot: Snapshot, key: ImageKey, bodies: Bodies, width: int = 80) -> str:
    assert LAYERS.inquiry is not None
    inquiry = LAYERS.inquiry(RowSubject(image=key), snapshot)
    assert inquiry is not None
    lines = (await inquiry.ask(bodies))(SectionContext(snapshot, NOW, UNICODE, width))
    texts = ["".join(span.text for span in (*line.left, *line.right)) for line in lines]
    assert all(len(text) <= width for text in texts)
    return "\n".join(texts)


def find(snapshot: Snapshot, repository: str) -> ImageKey:
    return next(key for key in snapshot.images if key.repository == repository)


def with_base_of(snapshot: Snapshot, key: ImageKey, layers: int) -> Snapshot:
    """The snapshot, where so many layers of an image are its base's."""
    image = snapshot.images[key]
    assert image.base is not None
    changed: Image = msgspec.structs.replace(image, base=msgspec.structs.replace(image.base, layers=layers))
    return dataclasses.replace(snapshot, images={**snapshot.images, key: changed})


async def test_the_first_are_the_bases_and_the_others_its_own() -> None:
    snapshot = company()
    key = find(snapshot, "payments-api")
    bodies = Bodies(manifest(28_000_000, 100, 2_000_000), configuration(*HISTORY))
    text = await shown(with_base_of(snapshot, key, 1), key, bodies)
    assert bodies.asked == [snapshot.images[key].digests[1], CONFIG]
    assert "3 layers, 30 MB in the registry" in text
    assert "The first layer is that of base/python:3.12." in text
    rows = [line.split() for line in text.splitlines()[-3:]]
    assert [(row[1], row[2], row[3]) for row in rows] == [("28", "MB", "base"), ("100", "B", "own"), ("2.0", "MB", "own")]


async def test_where_nobody_knows_the_bases_layers_none_is_called_so() -> None:
    snapshot = company()
    key = find(snapshot, "payments-api")
    text = await shown(with_base_of(snapshot, key, 0), key, Bodies(manifest(1, None, -3), configuration()))
    assert "Which of them are its base's is not known." in text
    assert "Which command made which layer is not known" in text
    assert "MB in the registry" not in text
    assert " base " not in text
    assert "not known" in text


async def test_a_root_has_only_layers_of_its_own() -> None:
    snapshot = company()
    key = find(snapshot, "library/alpine")
    text = await shown(snapshot, key, Bodies(manifest(100), configuration({"created_by": "ADD rootfs\x1b[2J"})), width=50)
    assert "It has no base: all of them are its own." in text
    assert "\x1b" not in text


def test_what_cannot_be_read_is_not_asked_for() -> None:
    snapshot = company()
    assert LAYERS.inquiry is not None
    assert LAYERS.inquiry(RowSubject(image=find(snapshot, "edge/envoy-lua")), snapshot) is None
    assert LAYERS.inquiry(RowSubject(cluster="prod-weu"), snapshot) is None


@pytest.mark.parametrize("octets", [-1, 1 << 63, 10**400])
def test_a_size_that_no_layer_has_is_not_known(octets: int) -> None:
    layers, _ = layers_of(manifest(octets, 7), configuration(*HISTORY))
    assert [layer.size for layer in layers] == [None, 7]
