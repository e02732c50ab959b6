"""Image references: `registry/repository:tag@digest`, as containerd and docker read them."""

from __future__ import annotations

import msgspec

__all__ = ["DEFAULT_REGISTRY", "Reference", "format_reference", "parse_reference"]

DEFAULT_REGISTRY = "docker.io"


class Reference(msgspec.Struct, frozen=True, gc=False):
    """A parsed reference; `tag` and `digest` are empty when absent, registry and `library/` are filled in.

    A reference with neither tag nor digest means the tag `latest`, which `parse_reference` fills in.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Registry and repository, without tag or digest."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        return format_reference(self)


def parse_reference(text: str) -> Reference:
    """Parse a reference as it stands in a pod spec. Raises InvalidReference.

    Source: distribution/reference grammar; hosts `index.docker.io`, `registry-1.docker.io` and
    `registry.hub.docker.com` are Docker Hub.
    """
    raise NotImplementedError


def format_reference(reference: Reference) -> str:
    """The full form, so that `parse_reference(format_reference(r)) == r`."""
    tag = f":{reference.tag}" if reference.tag else ""
    digest = f"@{reference.digest}" if reference.digest else ""
    return f"{reference.name}{tag}{digest}"
