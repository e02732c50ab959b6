"""What builders say of bases. Shapes: OCI annotations, buildpacks, Copacetic, BuildKit's provenance, recorded ACR logs."""

from __future__ import annotations

import base64
import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.recordings import ORIGINS, document
from tests.shapes.recorded import run_log
from tui.domain.facts.image import Claim, ClaimKind, ImageConfig, Manifest, ManifestKind, Platform
from tui.domain.lineage.evidence import buildinfo_claims, claims_of, run_log_records
from tui.domain.lineage.provenance import provenance_claims
from tui.errors import UntrustedPayload

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"


def manifest(**annotations: str) -> Manifest:
    return Manifest(B, ManifestKind.IMAGE, "application/vnd.oci.image.manifest.v1+json", annotations=annotations)


def config(**labels: str) -> ImageConfig:
    return ImageConfig(B, Platform("linux", "amd64"), labels=labels)


def said(claims: tuple[Claim, ...]) -> list[tuple[ClaimKind, str, str]]:
    return [(claim.kind, claim.reference, claim.digest) for claim in claims]


# ---- manifest and config


def test_annotations_and_labels_name_the_base() -> None:
    found = claims_of(manifest(**{NAME: "docker.io/library/alpine:3.22", DIGEST: A}), config(**{NAME: "debian:12"}))
    assert said(found) == [(ClaimKind.ANNOTATION, "docker.io/library/alpine:3.22", A), (ClaimKind.LABEL, "debian:12", "")]


def test_the_annotations_of_the_index_descriptor_count() -> None:
    """Docker Official Images annotate the descriptors in the index."""
    assert said(claims_of(manifest(), None, {NAME: "alpine:3.21"})) == [(ClaimKind.ANNOTATION, "alpine:3.21", "")]


@pytest.mark.parametrize("annotations", [{}, {NAME: ""}, {NAME: "", DIGEST: A}, {DIGEST: "sha256:abc"}, {NAME: "x" * 2000}])
def test_an_empty_or_broken_annotation_is_no_claim(annotations: dict[str, str]) -> None:
    """buildah from scratch with `--layers` writes an empty name beside the digest of a local step."""
    assert claims_of(manifest(**annotations)) == ()


def test_a_digest_without_a_name_is_a_claim() -> None:
    """buildah leaves the name out for short names."""
    assert said(claims_of(manifest(**{DIGEST: A}))) == [(ClaimKind.ANNOTATION, "", A)]


@pytest.mark.parametrize(
    ("lifecycle", "expected"),
    [
        ({"runImage": {"image": "r.io/run:1", "reference": f"r.io/run@{A}", "topLayer": B}}, ("r.io/run:1", A)),
        ({"runImage": {"reference": A}, "stack": {"runImage": {"image": "r.io/run"}}}, ("r.io/run", A)),
        ({"runImage": {"reference": f"r.io/run@{A}"}}, ("r.io/run", A)),
    ],
)
def test_the_buildpack_label_names_the_run_image(lifecycle: object, expected: tuple[str, str]) -> None:
    found = claims_of(manifest(), config(**{"io.buildpacks.lifecycle.metadata": json.dumps(lifecycle)}))
    assert said(found) == [(ClaimKind.BUILDPACK, *expected)]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"runImage": 3}', "[" * 100_000])
def test_a_broken_buildpack_label_says_nothing(text: str) -> None:
    assert claims_of(manifest(), config(**{"io.buildpacks.lifecycle.metadata": text})) == ()


def test_the_label_of_copacetic_counts_only_with_its_annotation() -> None:
    labels = config(BaseImage="r.io/app:1")
    assert said(claims_of(manifest(**{"sh.copa.image.patched": "2026-01-01"}), labels)) == [(ClaimKind.COPA, "r.io/app:1", "")]
    assert claims_of(manifest(), labels) == ()


# ---- build info


def info(*sources: dict[str, str]) -> bytes:
    body = base64.b64encode(json.dumps({"frontend": "dockerfile.v0", "sources": sources}).encode()).decode()
    return json.dumps({"architecture": "amd64", "moby.buildkit.buildinfo.v1": body}).encode()


def test_build_info_with_one_image_names_the_base() -> None:
    source = {"type": "docker-image", "ref": "docker.io/library/alpine:3.15", "pin": A}
    assert said(buildinfo_claims(info(source, {"type": "git", "ref": "x"}))) == [
        (ClaimKind.BUILDINFO, "docker.io/library/alpine:3.15", A)
    ]
    assert buildinfo_claims(info(source, {**source, "pin": B})) == ()
    assert buildinfo_claims(b"{}") == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b'{"moby.buildkit.buildinfo.v1": "%%"}', b'{"moby.buildkit.buildinfo.v1": "AAAA"}', b"[" * 200_000],
)
def test_hostile_configs_raise_only_untrusted_payload(body: bytes) -> None:
    with pytest.raises(UntrustedPayload) as caught:
        buildinfo_claims(body)
    assert caught.value.remedy


# ---- provenance


def image_step(number: int, identifier: str) -> dict[str, object]:
    return {"id": f"step{number}", "op": {"Op": {"source": {"identifier": identifier}}, "constraints": {}}}


def step(number: int, kind: object, *inputs: int) -> dict[str, object]:
    return {"id": f"step{number}", "inputs": [f"step{one}:0" for one in inputs], "op": {"Op": kind}}


def copy(place: int = 0) -> dict[str, object]:
    return {"file": {"actions": [{"Action": {"copy": {}}, "input": place, "secondaryInput": 1}]}}


def run(*mounts: dict[str, object]) -> dict[str, object]:
    return {"exec": {"meta": {"args": ["sh"]}, "mounts": list(mounts)}}


STATIC, UBUNTU = f"docker-image://gcr.io/distroless/static@{A}", f"docker-image://docker.io/library/ubuntu:22.04@{B}"
MULTI_STAGE = [  # the graph of a real two-stage build, shortened: builder on ubuntu, result on distroless
    image_step(0, STATIC),
    image_step(1, UBUNTU),
    image_step(2, "local://context"),
    step(3, copy(), 1, 2),
    step(4, run({"dest": "/", "input": 0, "output": 0}), 3),
    step(5, copy(), 0, 4),
    step(6, None, 5),
]
MATERIALS = [
    {"uri": f"pkg:docker/ubuntu?digest={B}&platform=linux%2Famd64", "digest": {"sha256": B[7:]}},
    {"uri": f"pkg:docker/gcr.io/distroless/static?digest={A}&platform=linux%2Famd64", "digest": {"sha256": A[7:]}},
]
BUILDKIT = "https://mobyproject.org/buildkit@v1#metadata"


def v02(steps: object = None, materials: object = None, layers: object = None, args: object = None) -> bytes:
    predicate = {
        "materials": materials,
        "buildConfig": {"llbDefinition": steps},
        "metadata": {BUILDKIT: {"layers": layers}},
        "invocation": {"parameters": {"args": args}},
    }
    return json.dumps({"predicateType": "https://slsa.dev/provenance/v0.2", "predicate": predicate}).encode()


def v1(steps: object = None, materials: object = None, layers: object = None) -> bytes:
    predicate = {
        "buildDefinition": {"resolvedDependencies": materials, "internalParameters": {"buildConfig": {"llbDefinition": steps}}},
        "runDetails": {"metadata": {"buildkit_metadata": {"layers": layers}}},
    }
    return json.dumps({"predicateType": "https://slsa.dev/provenance/v1", "predicate": predicate}).encode()


@pytest.mark.parametrize("make", [v02, v1])
def test_the_build_graph_names_the_base_of_a_multi_stage_build(make: object) -> None:
    assert callable(make)
    (claim,) = provenance_claims(make(MULTI_STAGE, MATERIALS))
    assert (claim.kind, claim.digest) == (ClaimKind.PROVENANCE, A)
    assert claim.reference == f"gcr.io/distroless/static@{A}"


def test_a_verified_signature_makes_it_signed_provenance() -> None:
    (claim,) = provenance_claims(v02(MULTI_STAGE, MATERIALS), signed=True)
    assert claim.kind is ClaimKind.PROVENANCE_SIGNED


@pytest.mark.parametrize(
    "steps",
    [
        [image_step(0, UBUNTU), step(1, run({"dest": "/cache", "input": -1}, {"dest": "/"}), 0), step(2, None, 1)],
        [image_step(0, UBUNTU), image_step(1, STATIC), step(2, {"merge": {"inputs": [{"input": 0}, {"input": 1}]}}, 0, 1)],
        [image_step(0, UBUNTU), step(1, {}, 0)],
    ],
)
def test_the_walk_follows_the_root_file_system(steps: object) -> None:
    (claim,) = provenance_claims(v02(steps))
    assert claim.digest == B


def test_a_graph_that_begins_with_nothing_is_from_scratch() -> None:
    (claim,) = provenance_claims(v02([image_step(0, UBUNTU), step(1, copy(-1), 0), step(2, None, 1)], MATERIALS))
    assert claim.scratch
    assert not claim.digest


@pytest.mark.parametrize(
    "steps",
    [
        [image_step(0, UBUNTU), image_step(1, STATIC)],
        [image_step(0, "git://x"), step(1, None, 0)],
        [image_step(0, UBUNTU), step(1, {"diff": {"lower": {}, "upper": {}}}, 0)],
        [step(0, None, 1), step(1, None, 0)],
        [step(0, None, 7)],
        [step(0, copy(5), 0)],
        None,
    ],
)
def test_a_graph_that_does_not_tell_leaves_no_claim_from_many_materials(steps: object) -> None:
    assert provenance_claims(v02(steps, MATERIALS)) == ()


def test_the_map_of_layers_tells_when_the_graph_does_not() -> None:
    layers = {"step0:0": [[{"digest": "sha256:l1"}]], "step1:0": [[{"digest": "sha256:u1"}]]}
    unclear = [image_step(0, STATIC), image_step(1, UBUNTU)]
    (claim,) = provenance_claims(v02(unclear, MATERIALS, layers), ("sha256:l1", "sha256:own"))
    assert claim.digest == A


def test_the_only_image_among_the_materials_is_the_base() -> None:
    materials = [
        {"uri": "pkg:docker/docker/dockerfile@1", "digest": {"sha256": "c" * 64}},
        {"uri": "pkg:docker/alpine@3.17?platform=linux%2Famd64", "digest": {"sha256": A[7:]}},
        {"uri": "https://github.com/x/y.git#main", "digest": {"sha1": "0" * 40}},
    ]
    found = provenance_claims(v02(None, materials, None, {"source": "docker/dockerfile:1"}))
    assert said(found) == [(ClaimKind.PROVENANCE, "alpine:3.17", A)]


def test_the_tag_of_a_pinned_step_comes_from_the_materials() -> None:
    steps = [image_step(0, f"docker-image://docker.io/library/alpine@{A}"), step(1, None, 0)]
    materials = [{"uri": "pkg:docker/alpine@3.17?platform=linux%2Famd64", "digest": {"sha256": A[7:]}}]
    assert said(provenance_claims(v02(steps, materials))) == [(ClaimKind.PROVENANCE, "alpine:3.17", A)]


def test_another_predicate_says_nothing() -> None:
    assert provenance_claims(b'{"predicateType": "https://spdx.dev/Document", "predicate": {}}') == ()


_json = st.recursive(
    st.sampled_from([None, True, -3, 7, "", "x", "pkg:docker/a@1", "sha256", "\x1b[0m"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["predicate", "materials", "buildConfig", "llbDefinition", "id", "op", "Op", "inputs", "uri", "digest"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@examples(60)
@given(_json, _json)
def test_hostile_provenance_raises_only_untrusted_payload(steps: object, materials: object) -> None:
    for body in (v02(steps, materials), v1(steps, materials), json.dumps(steps).encode()):
        try:
            claims = provenance_claims(body)
        except UntrustedPayload:
            continue
        assert len(claims) <= 1


# ---- ACR Tasks


def run_logs(origin: str) -> list[str]:
    """The logs that tell of dependencies."""
    if origin == "shape":
        return [run_log()]
    text = document("build-logs/quick_build_dockerfile_with_logs.yaml").decode()
    exchanges = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["interactions"]
    bodies = (str(one["response"]["body"].get("string", "")) for one in exchanges)
    return [body for body in bodies if "dependencies were found" in body]


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_recorded_run_logs_name_the_bases(origin: str) -> None:
    logs = run_logs(origin)
    assert logs
    for log in logs:
        (record,) = run_log_records(log)
        parts = re.findall(r'(?:registry|repository|tag): "?([^"\n]+)', log)
        assert record.digest.startswith("sha256:")
        assert [claim.reference for claim in record.claims] == ["{}/{}:{}".format(*parts[3:6])]
        assert [claim.reference for claim in record.inputs] == ["{}/{}:{}".format(*parts[6:9])]
        if origin == "recording":
            assert [claim.reference for claim in record.claims] == ["mcr.microsoft.com/dotnet/aspnet:6.0"]
            assert [claim.reference for claim in record.inputs] == ["mcr.microsoft.com/dotnet/sdk:6.0"]


LOG = f"""2018/08/22 19:11:04 The following dependencies were found:
2018/08/22 19:11:04
- image:
    registry: contoso.azurecr.io
    repository: sample/hello-world
    tag: v1
    digest: {A}
  runtime-dependency:
    registry: registry.hub.docker.com
    repository: library/hello-world
    tag: v1
    digest: {B}
  git: {{}}
- image:
    registry: contoso.azurecr.io
    repository: scratch
    tag: v1
    digest: {B}

Run ID: ca1 was successful after 52s
"""


def test_a_log_of_two_images_keeps_them_apart() -> None:
    assert [said(record.claims) for record in run_log_records(LOG)] == [
        [(ClaimKind.BUILD_RUN, "docker.io/library/hello-world:v1", B)],
        [],
    ]
    assert [record.reference for record in run_log_records(LOG)] == [
        "contoso.azurecr.io/sample/hello-world:v1",
        "contoso.azurecr.io/scratch:v1",
    ]
    assert run_log_records("no such list") == ()


@examples(100)
@given(st.text(alphabet="- :abimagertgydpos\n'\"#{}[]&*", max_size=200))
def test_no_log_breaks_the_reader(text: str) -> None:
    run_log_records(f"The following dependencies were found:\n{text}")
