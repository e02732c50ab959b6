"""Package URLs in documents: the package that an entry is about, and the image that a document is about.

Source: package-url/purl-spec (`pkg:type/namespace/name@version?qualifiers#subpath`; `oci`: the version is the digest and
`repository_url` the repository).
"""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

import msgspec

from tui.sources.scanners.formats.drafts import DocumentSubject, subject_of
from tui.sources.scanners.words import digest_of, name_of, text

__all__ = ["Package", "is_image", "package_of", "subject_in"]

IMAGES = ("pkg:oci/", "pkg:docker/")


class Package(msgspec.Struct, frozen=True):
    """A package's name and version; both empty when it is not known."""

    name: str = ""
    version: str = ""


def is_image(purl: str | None) -> bool:
    """Whether a package URL names an image."""
    return (purl or "").startswith(IMAGES)


def package_of(purl: str | None, name: str | None = None, version: str | None = None) -> Package:
    """The package of a package URL; `name` and `version` as the document gives them count more. An image is no package."""
    if name:
        return Package(text(name), text(version, 120))
    if not purl or not purl.startswith("pkg:") or is_image(purl):
        return Package()
    path = purl.removeprefix("pkg:").partition("#")[0].partition("?")[0]
    path, _, own_version = path.rpartition("@") if "@" in path else (path, "", "")
    return Package(text(unquote(path.rpartition("/")[2])), text(unquote(own_version), 120))


def subject_in(purl: str | None, name: str | None = None, version: str | None = None) -> DocumentSubject:
    """The image that a package URL (or a plain reference) names, as far as it does."""
    if purl is None or not is_image(purl):
        # Syft writes the digest of the manifest as the version, Trivy that of the config: it is no config's for sure.
        return msgspec.structs.replace(subject_of(name, purl, image_id=version), config="")
    path, _, query = purl.partition("#")[0].partition("?")
    digest = digest_of(unquote(path.rpartition("@")[2]))
    qualifiers = parse_qs(query)
    place = next(iter(qualifiers.get("repository_url", ())), "")
    repository = name_of("", place) if place else None
    return DocumentSubject(repository, text(next(iter(qualifiers.get("tag", ())), ""), 128), digest)
