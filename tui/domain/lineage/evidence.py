"""Statements about bases, taken from what builders write: annotations, labels, build info and build records.

Everything here is data from outside: a payload that is not what it should be raises `UntrustedPayload` or says nothing.
Provenance is read in `tui.domain.lineage.provenance`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.facts.image import Claim, ClaimKind, ImageConfig, Manifest
from tui.domain.facts.reference import is_digest, parse_reference
from tui.errors import InvalidReference, UntrustedPayload

__all__ = [
    "MAX_LOG_LINES",
    "BuildRecord",
    "buildinfo_claims",
    "claims_of",
    "decode",
    "image_claim",
    "run_log_records",
]

MAX_PAYLOAD = 8 * 1024 * 1024  # bytes
MAX_TEXT = 1024  # characters of a reference
BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
BUILDPACK = "io.buildpacks.lifecycle.metadata"
COPA_PATCHED = "sh.copa.image.patched"
COPA_BASE = "BaseImage"
_NO_ANNOTATIONS: Mapping[str, str] = {}

_T = TypeVar("_T")


def decode(body: bytes | str, into: type[_T], document: str) -> _T:
    """Decode JSON from outside. Raises UntrustedPayload when it is malformed, of other types, too large or too deep."""
    if len(body) > MAX_PAYLOAD:
        raise UntrustedPayload(f"{document} is larger than {MAX_PAYLOAD // 1024 // 1024} MiB.", "It was not read.")
    try:
        return from_json(body, into)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UntrustedPayload(f"{document} is not readable: {error}.", "It was not used; check what wrote it.") from error


def image_claim(kind: ClaimKind, reference: str, digest: str, source: str) -> Claim | None:
    """A claim, or None when neither the reference nor the digest can be one."""
    sound = digest if is_digest(digest) else ""
    name = reference.strip() if len(reference) <= MAX_TEXT else ""
    if not name and not sound:
        return None
    return Claim(kind, name, sound, source=source)


def claims_of(
    manifest: Manifest, config: ImageConfig | None = None, index_descriptor_annotations: Mapping[str, str] = _NO_ANNOTATIONS
) -> tuple[Claim, ...]:
    """What the manifest, its config and its descriptor in an index say of the base, best first. Never raises.

    Sources: OCI image-spec annotations.md; Docker Official Images annotate the descriptors of the index; the .NET SDK
    writes labels of the same names; buildpacks platform.md (`io.buildpacks.lifecycle.metadata`); Copacetic.
    """
    labels = config.labels if config is not None else _NO_ANNOTATIONS
    if not (labels or manifest.annotations or index_descriptor_annotations):
        return ()
    claims = (
        *_buildpack(labels),
        *_copa(manifest.annotations, labels),
        *_base(manifest.annotations, ClaimKind.ANNOTATION, "manifest annotation"),
        *_base(index_descriptor_annotations, ClaimKind.ANNOTATION, "annotation in the index"),
        *_base(labels, ClaimKind.LABEL, "label"),
    )
    return tuple(dict.fromkeys(claims))


def _base(values: Mapping[str, str], kind: ClaimKind, source: str) -> Iterator[Claim]:
    name, digest = values.get(BASE_NAME), values.get(BASE_DIGEST, "")
    if name == "":
        return  # buildah writes an empty name for an image from scratch; the digest is that of a local step
    claim = image_claim(kind, name or "", digest, source)
    if claim is not None:
        yield claim


def _copa(annotations: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[Claim]:
    """The label alone is inherited by what is built on a patched image; the annotation is not."""
    if COPA_PATCHED in annotations:
        claim = image_claim(ClaimKind.COPA, labels.get(COPA_BASE, ""), "", "Copacetic label")
        if claim is not None:
            yield claim


class _RunImage(msgspec.Struct):
    image: str = ""
    reference: str = ""


class _Stack(msgspec.Struct, rename="camel"):
    run_image: _RunImage = msgspec.field(default_factory=_RunImage)


class _Lifecycle(msgspec.Struct, rename="camel"):
    run_image: _RunImage = msgspec.field(default_factory=_RunImage)
    stack: _Stack = msgspec.field(default_factory=_Stack)


def _buildpack(labels: Mapping[str, str]) -> Iterator[Claim]:
    text = labels.get(BUILDPACK)
    if text is None:
        return
    try:
        lifecycle = decode(text, _Lifecycle, "The buildpack label")
    except UntrustedPayload:
        return
    run = lifecycle.run_image
    digest = run.reference.rpartition("@")[2]
    name = run.image or lifecycle.stack.run_image.image or run.reference.rpartition("@")[0]
    claim = image_claim(ClaimKind.BUILDPACK, name, digest, "buildpack label")
    if claim is not None:
        yield claim


# ---- build info that old BuildKit wrote into the config


class _InfoSource(msgspec.Struct):
    type: str = ""
    ref: str = ""
    pin: str = ""


class _BuildInfo(msgspec.Struct):
    sources: list[_InfoSource] = []


class _ConfigWithInfo(msgspec.Struct):
    info: str = msgspec.field(name="moby.buildkit.buildinfo.v1", default="")


def buildinfo_claims(config: bytes) -> tuple[Claim, ...]:
    """What `moby.buildkit.buildinfo.v1` in a config says; with several images it does not say which is the base.

    Raises UntrustedPayload.
    """
    text = decode(config, _ConfigWithInfo, "The image config").info
    if not text:
        return ()
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UntrustedPayload("The build info in the image config is not base64.", "It was not used.") from error
    images = [source for source in decode(body, _BuildInfo, "The build info").sources if source.type == "docker-image"]
    if len(images) != 1:
        return ()
    claim = image_claim(ClaimKind.BUILDINFO, images[0].ref, images[0].pin, "build info")
    return (claim,) if claim is not None else ()


# ---- ACR Tasks


class BuildRecord(msgspec.Struct, frozen=True):
    """What a build run says of one image it pushed: its reference and digest, the base, and the images of other stages."""

    reference: str
    digest: str
    claims: tuple[Claim, ...] = ()
    inputs: tuple[Claim, ...] = ()


class _Dependency(msgspec.Struct):
    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""


def _dependency_claims(dependencies: Iterable[_Dependency], kind: ClaimKind, source: str) -> Iterator[Claim]:
    for dependency in dependencies:
        claim = image_claim(kind, _written(dependency), dependency.digest, source)
        if claim is not None:
            yield claim


def _written(dependency: _Dependency) -> str:
    name = "/".join(filter(None, (dependency.registry, dependency.repository)))
    text = f"{name}:{dependency.tag}" if dependency.tag else name
    try:
        return str(parse_reference(text)) if dependency.repository else ""
    except InvalidReference:
        return ""


MAX_LOG_LINES = 2000  # of the list at the end of a log
_DEPENDENCIES = "The following dependencies were found:"
_LOG_LINE = re.compile(r"( *)(- )?([A-Za-z-]{1,40}):(?: +(.{0,300}))?", re.ASCII)
_STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ?", re.ASCII)
_FIELDS = frozenset({"registry", "repository", "tag", "digest"})


def run_log_records(log: str) -> tuple[BuildRecord, ...]:
    """What the end of an ACR run's log says of each image it pushed (the YAML that follows "dependencies were found").

    Source: recorded logs of `az acr build`; Docker Hub is written `registry.hub.docker.com`. Never raises.
    """
    _, marker, text = log.rpartition(_DEPENDENCIES)
    if not marker:
        return ()
    records: list[dict[str, list[_Dependency]]] = []
    section: list[_Dependency] = []
    for line in text[: MAX_LOG_LINES * 400].splitlines()[:MAX_LOG_LINES]:
        match = _LOG_LINE.fullmatch(_STAMP.sub("", line, count=1).rstrip())
        if match is None:
            continue
        indent, dash, key, value = match[1], match[2], match[3], match[4]
        if dash and not indent:
            records.append({})
        if records and value is None:
            section = records[-1].setdefault(key, [])
        elif records and key in _FIELDS:
            if dash or not section:
                section.append(_Dependency())
            setattr(section[-1], key, (value or "").strip().strip("\"'"))
    return tuple(_record(record) for record in records if "image" in record)


def _record(sections: Mapping[str, list[_Dependency]]) -> BuildRecord:
    image = (sections["image"] or [_Dependency()])[0]
    return BuildRecord(
        reference=_written(image),
        digest=image.digest if is_digest(image.digest) else "",
        claims=tuple(_dependency_claims(sections.get("runtime-dependency", ()), ClaimKind.BUILD_RUN, "ACR run log")),
        inputs=tuple(_dependency_claims(sections.get("buildtime-dependency", ()), ClaimKind.BUILD_RUN, "ACR run log")),
    )
