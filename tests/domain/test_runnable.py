"""What an index could run: whatever whoever may push writes beside a manifest, it hides none that a node would run."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.world import AMD, ARM, CONFIG_TYPE, MANIFEST_TYPE, A, World, check, digest, image
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.image import Descriptor, Manifest, ManifestKind, Platform
from tui.domain.policy.policy import Policy, Rules
from tui.domain.registries.contents import Contents
from tui.domain.registries.runnable import could_run, is_attestation, says_attestation

APP = f"{A}/app"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
NOWHERE = Platform("unknown", "unknown")
TAR = "application/vnd.oci.image.layer.v1.tar+gzip"
INTOTO = "application/vnd.in-toto+json"
EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
SAYS = {"vnd.docker.reference.type": "attestation-manifest"}


def manifest(
    *layers: str, config: str = CONFIG_TYPE, config_digest: str = "", artifact_type: str = "", subject: str = "", salt: str = ""
) -> Manifest:
    """A manifest with layers of these types."""
    described = Descriptor(config, config_digest or digest(f"config {config} {salt}"), 10)
    blobs = tuple(Descriptor(kind, digest(f"layer {number}"), 10) for number, kind in enumerate(layers))
    name = digest(f"{layers} {config} {config_digest} {artifact_type} {subject} {salt}")
    body = Manifest(
        name, ManifestKind.ARTIFACT, MANIFEST_TYPE, 10, described, blobs, artifact_type=artifact_type, subject=subject
    )
    return msgspec.structs.replace(body, kind=ManifestKind.IMAGE) if config == CONFIG_TYPE and could_run(body) else body


@pytest.mark.parametrize(
    ("found", "runs"),
    [
        (manifest(TAR), True),
        (manifest(TAR, artifact_type="application/vnd.example"), True),
        (manifest(TAR, subject=digest("x")), True),
        (manifest(TAR, config="application/vnd.example.config"), True),
        (manifest(TAR, config=""), True),
        (manifest("application/vnd.oci.image.layer.nydus.blob.v1", TAR), True),
        (manifest("application/vnd.oci.image.layer.v1.json"), True),
        (manifest(INTOTO, TAR), True),
        (manifest("application/vnd.example"), True),
        (manifest("application/wasm", config="application/vnd.wasm.config.v0+json"), True),
        (manifest(), True),
        (manifest(INTOTO), False),
        (manifest(INTOTO, INTOTO, artifact_type="application/vnd.docker.attestation.manifest.v1+json"), False),
        (manifest("application/vnd.dev.cosign.simplesigning.v1+json"), False),
        (manifest("application/jose+json", config="application/vnd.cncf.notary.signature"), False),
        (manifest("application/cose", config="application/vnd.cncf.notary.signature"), False),
        (manifest("text/spdx"), False),
        (manifest(TAR, config="application/vnd.oci.empty.v1+json", config_digest=EMPTY), False),
        (manifest(config="application/vnd.oci.empty.v1+json"), False),
    ],
)
def test_only_what_no_node_can_run_is_left_out(found: Manifest, runs: bool) -> None:
    # containerd images.IsLayerType and the unpacker; OCI image-spec, "Guidance for an Empty Descriptor".
    assert could_run(found) is runs


@pytest.mark.parametrize(
    ("platform", "annotations", "says"),
    [
        (NOWHERE, SAYS, True),
        (NOWHERE, {}, False),
        (NOWHERE, {"vnd.docker.reference.type": ""}, False),
        (NOWHERE, {"vnd.docker.reference.type": "attestation"}, False),
        (AMD, SAYS, False),
        (None, SAYS, False),
        (Platform("unknown", "amd64"), SAYS, False),
    ],
)
def test_an_attestation_is_presented_as_one_in_both_ways(
    platform: Platform | None, annotations: dict[str, str], says: bool
) -> None:
    child = Descriptor(MANIFEST_TYPE, digest("x"), 10, platform, annotations=annotations)
    assert says_attestation(child) is says
    assert is_attestation(child, manifest(INTOTO)) is says
    assert is_attestation(child, manifest(TAR)) is False


# ---- whole indexes: two good platforms, and something that is hidden beside them


HIDDEN: dict[str, tuple[Descriptor, Manifest | None]] = {}


def hidden(label: str, body: Manifest | None, platform: Platform | None = ARM, **more: object) -> None:
    """One more way to hide a manifest; without a body it was never read."""
    named = body.digest if body is not None else digest(label)
    HIDDEN[label] = Descriptor(MANIFEST_TYPE, named, 10, platform, **more), body  # type: ignore[arg-type]


for text in ("", "attestation-manifest", "image", "x"):
    said = {"vnd.docker.reference.type": text}
    hidden(f"annotated {text!r}", manifest(TAR, salt=text), annotations=said)
    hidden(f"annotated {text!r}, no platform", manifest(TAR, salt=f"{text} none"), None, annotations=said)
    hidden(f"annotated {text!r}, on no platform", manifest(TAR, salt=f"{text} nowhere"), NOWHERE, annotations=said)
    hidden(f"annotated {text!r}, not read", None, annotations=said)
hidden("presented as an attestation, not read", None, NOWHERE, annotations=SAYS)
hidden("unknown platform alone", manifest(TAR, salt="unknown"), NOWHERE)
hidden("artifactType of the body", manifest(TAR, artifact_type="application/vnd.example"))
hidden("artifactType of the entry", manifest(TAR, salt="entry"), artifact_type="application/vnd.example")
hidden("artifactType of both, no platform", manifest(TAR, artifact_type="a/b"), None, artifact_type="a/b")
hidden("an unusual config", manifest(TAR, config="application/vnd.example.config"))
hidden("no type of config", manifest(TAR, config=""))
hidden("a subject", manifest(TAR, subject=digest("another")))
hidden("not read", None)


def told(child: Descriptor, body: Manifest | None, media_type: str, nested: int) -> tuple[World, str]:
    """A world with an index of two whole platforms and the hidden one, which lies `nested` indexes deeper."""
    world = World()
    good = [Descriptor(MANIFEST_TYPE, world.manifest(APP, "new", platform=each), 10, each) for each in (AMD, ARM)]
    if body is not None:
        world.read(APP, body)
    for depth in range(nested):
        inner = Manifest(digest(f"inner {depth} {child.digest}"), ManifestKind.INDEX, media_type, 10, children=(child,))
        child = Descriptor(media_type, world.read(APP, inner), 10)
    top = Manifest(digest(f"top {child.digest}"), ManifestKind.INDEX, media_type, 10, children=(*good, child))
    world.tag(APP, world.read(APP, top), "1")
    return world, top.digest


@pytest.mark.parametrize("nested", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("media_type", [INDEX_TYPE, DOCKER_LIST])
@pytest.mark.parametrize("label", HIDDEN)
def test_nothing_that_could_run_is_hidden(label: str, media_type: str, nested: int) -> None:
    child, body = HIDDEN[label]
    world, top = told(child, body, media_type, nested)
    facts = world.inventory().freeze().images
    members = Contents(facts.manifests, facts.configs).members(top) or ()
    assert len(members) == 3, label
    assert any(member.config not in facts.configs for member in members)
    found = image(world.snapshot(Policy("test", Rules(max_age=10_000, base_end_of_life=State.OFF))), top)
    for name in (CheckName.BASE, CheckName.AGE):
        assert check(found, name).state is State.UNKNOWN, label


@pytest.mark.parametrize("nested", [0, 1, 2])
def test_what_nobody_can_run_hides_nothing_and_is_not_in_the_way(nested: int) -> None:
    body = manifest(INTOTO)
    for platform, said in product((NOWHERE, None), (SAYS, {})):
        child = Descriptor(MANIFEST_TYPE, body.digest, 10, platform, annotations=said)
        world, top = told(child, body, INDEX_TYPE, nested)
        assert image(world.snapshot(), top).platforms == (AMD, ARM)
        assert check(image(world.snapshot(), top), CheckName.AGE).state is State.PASS


def test_an_index_that_names_more_than_anybody_can_hold_is_not_read_whole() -> None:
    inner = [Descriptor(MANIFEST_TYPE, digest(f"child {number}"), 10) for number in range(2000)]
    bodies = {digest("leaf"): Manifest(digest("leaf"), ManifestKind.INDEX, INDEX_TYPE, children=tuple(inner))}
    for depth, below in enumerate(("leaf", "middle", "top")[:2]):
        name = digest(("middle", "top")[depth])
        bodies[name] = Manifest(name, ManifestKind.INDEX, INDEX_TYPE, children=(Descriptor(INDEX_TYPE, digest(below), 1),) * 2000)
    members = Contents(bodies, {}).members(digest("top")) or ()
    assert len(members) < 1000
    assert members[-1].config == ""


@given(
    st.dictionaries(st.sampled_from(["vnd.docker.reference.type", "x"]), st.text(max_size=25)),
    st.text(max_size=30),
    st.text(max_size=40),
)
def test_no_words_beside_it_make_an_image_vanish(annotations: dict[str, str], artifact_type: str, config: str) -> None:
    body = manifest(TAR, config=config, artifact_type=artifact_type)
    child = Descriptor(MANIFEST_TYPE, body.digest, 10, NOWHERE, artifact_type, annotations)
    index = Manifest(digest("i"), ManifestKind.INDEX, INDEX_TYPE, children=(child,))
    assert Contents({index.digest: index, body.digest: body}, {}).members(index.digest)
