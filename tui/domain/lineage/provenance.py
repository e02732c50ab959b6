"""The base that a BuildKit provenance names, never merely an image that the build used.

The materials list all stages and their order says nothing, so, in this order: the walk through the build graph, the map
from steps to layers, the only image among the materials. Sources: SLSA provenance v0.2 and v1; moby/buildkit
docs/attestations/slsa-definitions.md and solver/pb/ops.proto.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, unquote

import msgspec

from tui.domain.facts.image import Claim, ClaimKind
from tui.domain.facts.reference import is_digest, parse_reference
from tui.domain.lineage.evidence import decode, image_claim
from tui.errors import InvalidReference

__all__ = ["provenance_claims"]

MAX_STEPS = 10_000
_SOURCE = "provenance"
_IMAGE = "docker-image://"
_PURL = "pkg:docker/"
_HELPERS = ("docker/buildkit-syft-scanner", "docker/scout-sbom-indexer")  # images that scan a build, never its base


class _Mount(msgspec.Struct):
    dest: str = ""
    input: int = 0


class _Exec(msgspec.Struct):
    mounts: list[_Mount] = []


class _FileAction(msgspec.Struct):
    input: int = 0


class _File(msgspec.Struct):
    actions: list[_FileAction] = []


class _MergeInput(msgspec.Struct):
    input: int = 0


class _Merge(msgspec.Struct):
    inputs: list[_MergeInput] = []


class _SourceOp(msgspec.Struct):
    identifier: str = ""


class _Kind(msgspec.Struct):
    source: _SourceOp | None = None
    exec: _Exec | None = None
    file: _File | None = None
    merge: _Merge | None = None
    diff: dict[str, object] | None = None
    build: dict[str, object] | None = None


class _Op(msgspec.Struct):
    kind: _Kind | None = msgspec.field(name="Op", default=None)


class _Step(msgspec.Struct):
    id: str = ""
    op: _Op = msgspec.field(default_factory=_Op)
    inputs: list[str] | None = None


class _BuildConfig(msgspec.Struct, rename="camel"):
    llb_definition: list[_Step] | None = None


class _Layer(msgspec.Struct):
    digest: str = ""


_Layers = dict[str, list[list[_Layer] | None] | None]


class _BuildkitMetadata(msgspec.Struct):
    layers: _Layers | None = None


class _Material(msgspec.Struct):
    uri: str = ""
    digest: dict[str, str] | None = None


class _Arguments(msgspec.Struct):
    args: dict[str, str] | None = None


class _Invocation(msgspec.Struct):
    parameters: _Arguments | None = None


class _MetadataV02(msgspec.Struct):
    buildkit: _BuildkitMetadata | None = msgspec.field(name="https://mobyproject.org/buildkit@v1#metadata", default=None)


class _Internal(msgspec.Struct, rename="camel"):
    build_config: _BuildConfig | None = None


class _External(msgspec.Struct):
    request: _Arguments | None = None


class _Definition(msgspec.Struct, rename="camel"):
    resolved_dependencies: list[_Material] | None = None
    internal_parameters: _Internal | None = None
    external_parameters: _External | None = None


class _MetadataV1(msgspec.Struct):
    buildkit: _BuildkitMetadata | None = msgspec.field(name="buildkit_metadata", default=None)


class _RunDetails(msgspec.Struct):
    metadata: _MetadataV1 | None = None


class _Predicate(msgspec.Struct, rename="camel"):
    """Both versions at once: their members have different names."""

    materials: list[_Material] | None = None
    build_config: _BuildConfig | None = None
    metadata: _MetadataV02 | None = None
    invocation: _Invocation | None = None
    build_definition: _Definition | None = None
    run_details: _RunDetails | None = None


class _Statement(msgspec.Struct, rename="camel"):
    predicate_type: str = ""
    predicate: _Predicate = msgspec.field(default_factory=_Predicate)


def provenance_claims(statement: bytes, layers: Sequence[str] = (), *, signed: bool = False) -> tuple[Claim, ...]:
    """The base that an in-toto statement with SLSA provenance names: one claim, or none when it cannot be told.

    `layers` are the compressed layer digests of the image, for provenance without a build graph that ends in one place;
    `signed` says that the statement's signature was verified by our policy. Raises UntrustedPayload.
    """
    parsed = decode(statement, _Statement, "The provenance")
    if not parsed.predicate_type.startswith("https://slsa.dev/provenance/"):
        return ()
    predicate = parsed.predicate
    kind = ClaimKind.PROVENANCE_SIGNED if signed else ClaimKind.PROVENANCE
    materials = _images(_materials(predicate))
    steps = _steps(predicate)
    base_step = _walk(steps)
    if base_step == _SCRATCH:
        return (Claim(kind, scratch=True, source=_SOURCE),)
    identifier = base_step or _by_layers(steps, _layer_map(predicate), layers)
    claim = _claim_of_step(kind, identifier, materials) if identifier else _only(kind, materials, _frontend(predicate))
    return (claim,) if claim is not None else ()


_SCRATCH = "scratch"


def _steps(predicate: _Predicate) -> list[_Step]:
    config = predicate.build_config
    if config is None and predicate.build_definition is not None and predicate.build_definition.internal_parameters is not None:
        config = predicate.build_definition.internal_parameters.build_config
    steps = (config.llb_definition or []) if config is not None else []
    return steps if len(steps) <= MAX_STEPS else []


def _materials(predicate: _Predicate) -> list[_Material]:
    if predicate.build_definition is not None:
        return predicate.build_definition.resolved_dependencies or []
    return predicate.materials or []


def _layer_map(predicate: _Predicate) -> _Layers:
    metadata: _MetadataV02 | _MetadataV1 | None = predicate.metadata
    if predicate.run_details is not None:
        metadata = predicate.run_details.metadata
    buildkit = metadata.buildkit if metadata is not None else None
    return (buildkit.layers or {}) if buildkit is not None else {}


def _frontend(predicate: _Predicate) -> str:
    arguments = predicate.invocation.parameters if predicate.invocation is not None else None
    if predicate.build_definition is not None and predicate.build_definition.external_parameters is not None:
        arguments = predicate.build_definition.external_parameters.request
    return ((arguments.args or {}) if arguments is not None else {}).get("source", "")


# ---- the build graph


def _walk(steps: Sequence[_Step]) -> str:
    """Follow the root file system from the one end of the graph to an image, or to scratch; empty when it cannot be told."""
    by_id = {step.id: step for step in steps}
    used = {_target(text) for step in steps for text in step.inputs or ()}
    ends = [step for step in steps if step.id not in used]
    if len(ends) != 1 or len(by_id) != len(steps):
        return ""
    step: _Step | None = ends[0]
    for _ in range(len(steps)):
        if step is None:
            return ""
        kind = step.op.kind
        if kind is not None and kind.source is not None:
            return kind.source.identifier if kind.source.identifier.startswith(_IMAGE) else ""
        place = _root_input(kind)
        if place == -1:
            return _SCRATCH
        inputs = step.inputs or []
        step = by_id.get(_target(inputs[place])) if place is not None and 0 <= place < len(inputs) else None
    return ""


def _target(text: str) -> str:
    return text.rpartition(":")[0] or text


def _root_input(kind: _Kind | None) -> int | None:
    """Which input holds the root file system: -1 for an empty one, None when it cannot be told."""
    if kind is None or kind == _Kind():
        return 0
    if kind.exec is not None:
        return next((mount.input for mount in kind.exec.mounts if mount.dest == "/"), None)
    if kind.file is not None:
        return kind.file.actions[0].input if kind.file.actions else None
    if kind.merge is not None:
        return kind.merge.inputs[0].input if kind.merge.inputs else None
    return None


def _by_layers(steps: Sequence[_Step], layer_map: _Layers, layers: Sequence[str]) -> str:
    """The image step whose layers are the longest beginning of the image's; empty when there is none."""
    beginnings: list[tuple[int, str]] = []
    for step in steps:
        source = step.op.kind.source if step.op.kind is not None else None
        if source is None or not source.identifier.startswith(_IMAGE):
            continue
        for chain in layer_map.get(f"{step.id}:0") or ():
            digests = [layer.digest for layer in chain or ()]
            if digests and list(layers[: len(digests)]) == digests:
                beginnings.append((len(digests), source.identifier))
    return max(beginnings, default=(0, ""))[1]


# ---- materials


class _Image(msgspec.Struct, frozen=True):
    reference: str
    digest: str


def _images(materials: Sequence[_Material]) -> list[_Image]:
    parsed = [_image(material) for material in materials if material.uri.startswith(_PURL)]
    return list(dict.fromkeys(image for image in parsed if image is not None))


def _image(material: _Material) -> _Image | None:
    """A package URL `pkg:docker/<name>@<tag>?platform=..&digest=..` (package-url specification)."""
    path, _, query = material.uri.removeprefix(_PURL).partition("#")[0].partition("?")
    name, separator, version = path.rpartition("@")
    name, version = (unquote(name), unquote(version)) if separator else (unquote(path), "")
    digest = (parse_qs(query).get("digest") or [""])[0]
    if material.digest and "sha256" in material.digest:
        digest = f"sha256:{material.digest['sha256']}"
    if is_digest(version):
        digest, version = digest or version, ""
    try:
        parse_reference(f"{name}:{version}" if version else name)
    except InvalidReference:
        return None
    return _Image(f"{name}:{version}" if version else name, digest if is_digest(digest) else "")


def _only(kind: ClaimKind, images: Sequence[_Image], frontend: str) -> Claim | None:
    tools = {_repository(frontend), *(_repository(helper) for helper in _HELPERS)}
    bases = [image for image in images if _repository(image.reference) not in tools]
    if len(bases) != 1:
        return None
    return image_claim(kind, _without_latest(bases[0]), bases[0].digest, _SOURCE)


def _without_latest(image: _Image) -> str:
    """A reference without a tag that has a digest was pinned: `latest` would be read into it."""
    return (
        f"{image.reference}@{image.digest}" if image.digest and ":" not in image.reference.rpartition("/")[2] else image.reference
    )


def _repository(text: str) -> str:
    try:
        return str(parse_reference(text).name)
    except InvalidReference:
        return ""


def _claim_of_step(kind: ClaimKind, identifier: str, images: Sequence[_Image]) -> Claim | None:
    """The step's image; its tag may stand in the materials only."""
    text = identifier.removeprefix(_IMAGE)
    name, _, digest = text.partition("@")
    if not digest:
        matches: Mapping[str, str] = {image.reference: image.digest for image in images}
        digest = next((image_digest for reference, image_digest in matches.items() if _same(reference, name)), "")
    tagged = [
        image.reference
        for image in images
        if digest and image.digest == digest and _repository(image.reference) == _repository(name)
    ]
    has_tag = ":" in name.rpartition("/")[2]
    best = name if has_tag else next((reference for reference in tagged if ":" in reference.rpartition("/")[2]), text)
    return image_claim(kind, best, digest, _SOURCE)


def _same(name: str, other: str) -> bool:
    try:
        return parse_reference(name) == parse_reference(other)
    except InvalidReference:
        return False
