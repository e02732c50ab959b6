"""Image references: `registry/repository:tag@digest`, as containerd and docker read them.

Source: the grammar and the normalisation of github.com/distribution/reference (`regexp.go`, `normalize.go`), the digest
rules of github.com/opencontainers/go-digest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NoReturn

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.image import RepositoryName
from tui.errors import InvalidReference

__all__ = [
    "DEFAULT_REGISTRY",
    "DIGEST_ALGORITHMS",
    "ImageId",
    "ImageIdKind",
    "Reference",
    "format_reference",
    "is_digest",
    "is_registry",
    "is_repository",
    "is_tag",
    "normalize_registry",
    "parse_image_id",
    "parse_reference",
]

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"
MAX_REFERENCE = 1024  # characters: 255 each for host and path, 128 for the tag, 135 for the longest digest, and room
MAX_HOST = 255
MAX_REPOSITORY = 255
_HUB_ALIASES = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})

_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
DIGEST_ALGORITHMS: Mapping[str, int] = {"sha256": 64, "sha384": 96, "sha512": 128}
"""The algorithms of digests, and how many hex digits each writes (OCI image-spec, "Digests"; SHA-384 of go-digest)."""
_DIGEST = re.compile("|".join(f"{name}:[a-f0-9]{{{length}}}" for name, length in DIGEST_ALGORITHMS.items()), re.ASCII)
_HOST_RE = re.compile(_HOST, re.ASCII)
_REPOSITORY_RE = re.compile(rf"{_PATH}(?:/{_PATH})*", re.ASCII)
_TAG_RE = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_IDENTIFIER_RE = re.compile(r"[a-f0-9]{64}", re.ASCII)
_LOCAL = "localhost"
"""What podman and CRI-O put before the names of images that come from no registry; a registry on this machine has a port."""
_IMPORTED = re.compile(r"library/import-\d{4}-\d{2}-\d{2}", re.ASCII)
"""What containerd calls an image imported without a name, as `kind load` does (client/import.go: `import-` and the day)."""
_SCHEMES = ("docker-pullable://", "docker://")


class Reference(msgspec.Struct, frozen=True, gc=False):
    """A parsed reference; `tag` and `digest` are empty when absent, registry and `library/` are filled in.

    A reference with neither tag nor digest means the tag `latest`, which `parse_reference` fills in.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> RepositoryName:
        """The repository, without tag or digest."""
        return RepositoryName(self.registry, self.repository)

    def __str__(self) -> str:
        return format_reference(self)


class ImageIdKind(StrEnum):
    """What a container status says of its image: a digest with a repository, the config's digest, or nothing usable."""

    REPO_DIGEST = "repo-digest"
    CONFIG = "config"
    NONE = "none"


class ImageId(msgspec.Struct, frozen=True, gc=False):
    """A parsed `imageID`. The digest counts; the repository is only one of the names that the node knows for the content."""

    kind: ImageIdKind
    digest: str = ""
    registry: str = ""
    repository: str = ""

    @property
    def name(self) -> RepositoryName | None:
        """The repository that the runtime reports, None when it reports none."""
        return RepositoryName(self.registry, self.repository) if self.registry else None


def parse_reference(text: str) -> Reference:
    """Parse a reference as it stands in a pod spec. Raises InvalidReference.

    Hosts `index.docker.io`, `registry-1.docker.io` and `registry.hub.docker.com` are Docker Hub. With `name:tag@digest`
    both are kept; the digest decides what is pulled.
    """
    if not text or len(text) > MAX_REFERENCE:
        _refuse_length(text)
    name, separator, digest = text.partition("@")
    if separator and not is_digest(digest):
        _refuse_digest(text, digest)
    host, path = _split_host(name)
    path, colon, tag = path.partition(":")
    if colon and _TAG_RE.fullmatch(tag) is None:
        _refuse(text, f"the tag {_quote(tag)} is not valid", "A tag has up to 128 letters, digits, `_`, `.` or `-`.")
    if _REPOSITORY_RE.fullmatch(path) is None:
        _refuse_path(text, path)
    if len(host) > MAX_HOST or _HOST_RE.fullmatch(host) is None:
        _refuse(
            text, f"the registry host {_quote(host)} is not valid", "Write it as `host/repository` or `host:port/repository`."
        )
    registry = normalize_registry(host)
    repository = f"library/{path}" if registry == DEFAULT_REGISTRY and "/" not in path else path
    if len(repository) > MAX_REPOSITORY:
        _refuse(text, f"the repository is longer than {MAX_REPOSITORY} characters", "Shorten the repository's path.")
    if not separator and _IDENTIFIER_RE.fullmatch(name):
        _refuse(text, "64 hexadecimal digits are an image ID, not a name", "Use the image's repository with a tag or a digest.")
    return Reference(registry, repository, tag or ("" if separator else DEFAULT_TAG), digest)


def format_reference(reference: Reference) -> str:
    """The full form, so that `parse_reference(format_reference(r)) == r`."""
    tag = f":{reference.tag}" if reference.tag else ""
    digest = f"@{reference.digest}" if reference.digest else ""
    return f"{reference.name}{tag}{digest}"


def is_digest(text: str) -> bool:
    """Whether the text is a digest: sha256, sha384 or sha512 with that algorithm's number of lower-case hex digits."""
    return _DIGEST.fullmatch(text) is not None


def is_registry(text: str) -> bool:
    """Whether a text is the host of a registry as references name it, with its port if that is not the usual one."""
    host, colon, port = text.rpartition(":") if not text.endswith("]") else ("", "", "")
    if colon and not (port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
        return False
    return len(host or text) <= MAX_HOST and _HOST_RE.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Whether a text is a tag that a reference could hold (distribution reference grammar)."""
    return _TAG_RE.fullmatch(text) is not None


def is_repository(text: str) -> bool:
    """Whether a text is the name of a repository within its registry (distribution spec: `name`)."""
    return len(text) <= MAX_REPOSITORY and _REPOSITORY_RE.fullmatch(text) is not None


def normalize_registry(host: str) -> str:
    """The host as references name it: Docker Hub's other hosts become `docker.io`, letters of a DNS name become small.

    A bare name with capitals (`FOO/app`) keeps them: without a dot or a port they are all that marks it as a host.
    """
    folded = host.lower()
    if folded in _HUB_ALIASES:
        return DEFAULT_REGISTRY
    return folded if _marks_host(folded) else host


def parse_image_id(text: str) -> ImageId:
    """Read a container status's `imageID`; never raises, as a form that is not known says nothing.

    containerd and CRI-O report `repo@digest` or the config's digest, CRI-O also 64 bare hex digits, dockershim and
    cri-dockerd `docker-pullable://repo@digest` or `docker://sha256:<config>`; it is empty before the pull
    (CRI `ContainerStatus.image_ref`). A name that the node made up is none: what it stands for is told by the digest alone.
    """
    if len(text) > MAX_REFERENCE:
        return _NO_IMAGE_ID
    for scheme in _SCHEMES:
        text = text.removeprefix(scheme)
    name, separator, digest = text.rpartition("@")
    if not is_digest(digest):
        return _config_id(f"sha256:{digest}") if not separator and _IDENTIFIER_RE.fullmatch(digest) else _NO_IMAGE_ID
    return _repo_digest(name, digest) if separator else _config_id(digest)


_NO_IMAGE_ID = ImageId(ImageIdKind.NONE)


def _config_id(digest: str) -> ImageId:
    return ImageId(ImageIdKind.CONFIG, digest)


def _repo_digest(name: str, digest: str) -> ImageId:
    try:
        reference = parse_reference(f"{name}@{digest}")
    except InvalidReference:
        return ImageId(ImageIdKind.REPO_DIGEST, digest)  # docker writes `<none>@sha256:..`: the digest still counts
    if reference.registry == _LOCAL or (reference.registry == DEFAULT_REGISTRY and _IMPORTED.fullmatch(reference.repository)):
        return ImageId(ImageIdKind.REPO_DIGEST, digest)
    return ImageId(ImageIdKind.REPO_DIGEST, digest, reference.registry, reference.repository)


def _split_host(text: str) -> tuple[str, str]:
    host, slash, path = text.partition("/")
    if slash and (_marks_host(host) or host != host.lower()):
        return host, path
    return DEFAULT_REGISTRY, text


def _marks_host(text: str) -> bool:
    return "." in text or ":" in text or text == "localhost"


def _refuse(text: str, why: str, remedy: str) -> NoReturn:
    raise InvalidReference(f"{_quote(text)} is not an image reference: {why}.", remedy)


def _refuse_length(text: str) -> NoReturn:
    remedy = "Write it as `registry/repository:tag` or `registry/repository@digest`."
    if not text:
        raise InvalidReference("The image reference is empty.", remedy)
    raise InvalidReference(f"The image reference is longer than {MAX_REFERENCE} characters: {_quote(text)}.", remedy)


def _refuse_digest(text: str, digest: str) -> NoReturn:
    algorithm, _, encoded = digest.partition(":")
    length = DIGEST_ALGORITHMS.get(algorithm)
    algorithms = ", ".join(DIGEST_ALGORITHMS)
    if length is None:
        _refuse(
            text,
            f"the digest algorithm {_quote(algorithm)} is not known",
            f"Digests are {algorithms}, as `sha256:<64 hex digits>`.",
        )
    why = f"a {algorithm} digest has {length} lower-case hex digits, not {_quote(encoded)}"
    _refuse(text, why, "Copy the digest whole, as the registry shows it.")


def _refuse_path(text: str, path: str) -> NoReturn:
    if not path:
        _refuse(text, "the repository is missing", "Write it as `registry/repository:tag`.")
    if "://" in text:
        _refuse(text, "it begins with a URL scheme", "Leave out `https://`: references start with the host.")
    if path.isascii() and _REPOSITORY_RE.fullmatch(path.lower()):
        _refuse(text, "the repository has upper-case letters", f"Write the repository in small letters: {_quote(path.lower())}.")
    remedy = "Parts of small letters and digits are joined by `/`, and inside by `.`, `_`, `__` or `-`."
    _refuse(text, f"the repository {_quote(path)} is not valid", remedy)


def _quote(text: str) -> str:
    return f"“{clean(text, 80)}”"
