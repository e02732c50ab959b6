"""Package URLs in documents: the package that an entry is about, and the image that a document is about.

Source: package-url/purl-spec (`pkg:type/namespace/name@version?qualifiers#subpath`; `oci`: the version is the digest and
`repository_url` the repository; `docker`: the version is a tag or a digest, and `repository_url` the registry).
"""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

import msgspec

from tui.domain.facts.image import RepositoryName
from tui.sources.scanners.formats.drafts import DocumentSubject, subject_of
from tui.sources.scanners.words import digest_of, name_of, text

__all__ = ["Package", "is_image", "is_named", "package_of", "subject_in"]

NAMESPACES = {"golang": "/", "npm": "/", "composer": "/", "swift": "/", "maven": ":"}
"""Types of packages whose namespace is a part of their name, and what scanners write between (trivy `pkg/purl`, syft `pkg`)."""
IMAGES = ("pkg:oci/", "pkg:docker/")


class Package(msgspec.Struct, frozen=True):
    """A package's name and version; both empty when it is not known."""

    name: str = ""
    version: str = ""


def is_image(purl: str | None) -> bool:
    """Whether a package URL names an image."""
    return (purl or "").startswith(IMAGES)


def is_named(stated: RepositoryName, repository: RepositoryName) -> bool:
    """Whether a repository may be the one that a document names; without a registry it names the last part alone.

    Registries are not compared, as images are imported.
    """
    if not stated.registry:
        return stated.repository == repository.repository.rpartition("/")[2]
    return stated.repository == repository.repository


def package_of(purl: str | None, name: str | None = None, version: str | None = None) -> Package:
    """The package of a package URL; `name` and `version` as the document gives them count more. An image is no package.

    Where a namespace is a part of the name it is written as scanners write it (`github.com/org/module`, `@scope/name`,
    `group:artifact`), also where the document has it apart.
    """
    kind, path, own_version = _parts(purl)
    namespace, _, last = path.rpartition("/")
    separator = NAMESPACES.get(kind, "") if namespace else ""
    own_name = f"{namespace}{separator}{last}" if separator else last
    return Package(text(own_name if separator else name or own_name), text(version if name else own_version, 120))


def _parts(purl: str | None) -> tuple[str, str, str]:
    """Type, namespace with name, and version of a package URL of a package; empty when it is none."""
    if not purl or not purl.startswith("pkg:") or is_image(purl):
        return "", "", ""
    path = purl.removeprefix("pkg:").partition("#")[0].partition("?")[0]
    path, _, version = path.rpartition("@") if "@" in path else (path, "", "")
    kind, _, path = path.strip("/").partition("/")
    return kind.lower(), unquote(path), unquote(version)


def subject_in(purl: str | None, name: str | None = None, version: str | None = None) -> DocumentSubject:
    """The image that a package URL (or a plain reference) names, as far as it does."""
    if purl is None or not is_image(purl):
        # Syft writes the digest of the manifest as the version, Trivy that of the config: it is no config's for sure.
        return msgspec.structs.replace(subject_of(name, purl, image_id=version), config="")
    path, _, query = purl.partition("#")[0].partition("?")
    path, _, written = unquote(path.removeprefix("pkg:")).partition("@")
    kind, _, own_name = path.partition("/")
    qualifiers = parse_qs(query)
    place = next(iter(qualifiers.get("repository_url", ())), "")
    if kind == "docker":
        digest = digest_of(written)
        return DocumentSubject(name_of(place, own_name), "" if digest else text(written, 128), digest)
    tag, digest = text(next(iter(qualifiers.get("tag", ())), ""), 128), digest_of(written)
    architecture = text(next(iter(qualifiers.get("arch", ())), ""), 40)
    if place or digest:
        return DocumentSubject(name_of("", place) if place else None, tag, digest, architecture=architecture)
    # The last part of the repository's name is all that is known of it.
    return DocumentSubject(RepositoryName("", text(own_name)), tag)
