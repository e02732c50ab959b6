"""What builders write down about the base of an image, each in its own way (see the producers named with each)."""

from __future__ import annotations

import base64
import json
from enum import StrEnum

from tui.demo.content import Image, Json, encode
from tui.demo.estate.makers import Maker

__all__ = ["Evidence", "annotations_of", "buildinfo", "labels_of", "statement"]

BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"


class Evidence(StrEnum):
    """How the base is told."""

    NONE = "none"
    ANNOTATION = "annotation"  # buildah, ko, crane
    LABEL = "label"  # the .NET SDK
    PROVENANCE = "provenance"  # BuildKit, mode=max
    BUILDINFO = "buildinfo"  # BuildKit before 0.12
    BUILDPACK = "buildpack"  # Cloud Native Buildpacks
    COPA = "copa"  # Copacetic
    NAME = "name"  # a name without a digest


def annotations_of(evidence: Evidence, name: str, digest: str) -> dict[str, str]:
    """Annotations of the manifest."""
    match evidence:
        case Evidence.ANNOTATION:
            return {BASE_NAME: name, BASE_DIGEST: digest}
        case Evidence.NAME:
            return {BASE_NAME: name}
        case Evidence.COPA:
            return {"sh.copa.image.patched": "2026-10-02T04:11:09Z"}
        case _:
            return {}


def labels_of(evidence: Evidence, name: str, digest: str, top_layer: str) -> dict[str, str]:
    """Labels of the config."""
    match evidence:
        case Evidence.LABEL:
            return {BASE_NAME: name, BASE_DIGEST: digest}
        case Evidence.COPA:
            return {"BaseImage": name}
        case Evidence.BUILDPACK:
            repository = name.rpartition(":")[0]
            run = {"image": name, "topLayer": top_layer, "reference": f"{repository}@{digest}"}
            stack = {"runImage": {"image": name}}
            about = {"app": [], "buildpacks": [], "launcher": {}, "runImage": run, "stack": stack}
            return {"io.buildpacks.lifecycle.metadata": json.dumps(about), "io.buildpacks.rebasable": "true"}
        case _:
            return {}


def buildinfo(name: str, digest: str) -> Json:
    """The config key of BuildKit 0.10 and 0.11."""
    about = {"frontend": "dockerfile.v0", "sources": [{"type": "docker-image", "ref": name, "pin": digest}]}
    return {"moby.buildkit.buildinfo.v1": base64.b64encode(encode(about)).decode()}


def statement(image: Image, base: tuple[str, str] | None, maker: Maker) -> bytes:
    """SLSA provenance v0.2 in BuildKit's form, with the build graph where the base is told.

    Sources: moby/buildkit docs/attestations/slsa-definitions.md; util/purl/image.go; slsa-github-generator (`configSource`).
    """
    config = {"entryPoint": maker.entry_point, **({"uri": maker.source} if maker.source else {})}
    predicate = {
        "builder": {"id": maker.builder},
        "buildType": maker.build_type,
        "materials": [_material(*base)] if base else [],
        "invocation": {"configSource": config, "parameters": {"frontend": "dockerfile.v0"}},
        **({"buildConfig": {"llbDefinition": _graph(*base), "digestMapping": {}}} if base else {}),
        "metadata": {"completeness": {"parameters": True, "environment": True, "materials": False}, "reproducible": False},
    }
    subject = {"name": "_", "digest": {"sha256": image.digest.removeprefix("sha256:")}}
    head = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [subject],
    }
    return encode({**head, "predicate": predicate})


def _graph(name: str, digest: str) -> list[Json]:
    source = {"identifier": f"docker-image://{name}@{digest}"}
    mount = {"input": 0, "dest": "/", "output": 0, "mountType": 0}
    run = {"meta": {"args": ["/bin/sh", "-c", "make install"], "cwd": "/"}, "mounts": [mount]}
    return [
        {
            "id": "step0",
            "op": {"Op": {"source": source}, "platform": {"Architecture": "amd64", "OS": "linux"}, "constraints": {}},
        },
        {"id": "step1", "op": {"Op": {"exec": run}}, "inputs": ["step0:0"]},
        {"id": "step2", "op": {"Op": None}, "inputs": ["step1:0"]},
    ]


def _material(name: str, digest: str) -> Json:
    repository, _, tag = name.rpartition(":")
    return {
        "uri": f"pkg:docker/{repository}@{tag}?platform=linux%2Famd64",
        "digest": {"sha256": digest.removeprefix("sha256:")},
    }
