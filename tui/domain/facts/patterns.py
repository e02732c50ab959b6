"""Patterns of registries and repositories that cannot be fooled: hosts are compared whole, paths part by part."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from tui.domain.common.text import clean
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import normalize_registry
from tui.errors import InvalidConfig

__all__ = ["Pattern", "is_azure_registry", "parse_pattern"]

_AZURE = (".azurecr.io", ".azurecr.cn", ".azurecr.us")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_HOST = re.compile(
    r"(?:\*\.)?[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9-]+)*(?::[0-9]{1,5})?|\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?",
    re.ASCII,
)
_PATH = re.compile(r"[a-z0-9*._-]+(?:/[a-z0-9*._-]+)*", re.ASCII)
MAX_PATTERN = 512
MOST_STARS = 3
"""In one part of a path: each more takes longer to match."""


class Pattern(msgspec.Struct, frozen=True):
    """A trusted registry, or a part of one: `host[:port][/path]`.

    The host is compared whole, with its port; a leading `*.` stands for exactly one label. The path is compared part by
    part, and what lies below it is meant too; `*` stands for any text within one part.
    """

    text: str
    host: str
    parts: tuple[str, ...] = ()

    def matches(self, name: RepositoryName) -> bool:
        """Whether a repository is meant."""
        return self._matches_host(name.registry) and self._matches_path(name.repository)

    @property
    def closeness(self) -> tuple[int, int, int, str]:
        """Of several patterns the least counts, as scopes of the policy are compared: more parts, fewer `*`, longer."""
        return -len(self.parts), self.text.count("*"), -len(self.text), self.text

    def _matches_host(self, registry: str) -> bool:
        if not self.host.startswith("*."):
            return registry == self.host
        label, _, domain = registry.partition(".")
        return domain == self.host[2:] and _LABEL.fullmatch(label) is not None

    def _matches_path(self, repository: str) -> bool:
        return not self.parts or _path(self.parts).fullmatch(repository) is not None


@lru_cache(maxsize=1024)
def _path(parts: tuple[str, ...]) -> re.Pattern[str]:
    """The parts one by one, then whatever lies below."""
    globs = ("[^/]*".join(re.escape(text) for text in part.split("*")) for part in parts)
    return re.compile(f"{'/'.join(globs)}(?:/.*)?", re.ASCII | re.DOTALL)


def parse_pattern(text: str) -> Pattern:
    """Read a pattern. Raises InvalidConfig: a pattern that is not understood must not trust anything by accident."""
    host, slash, path = text.partition("/")
    if len(text) > MAX_PATTERN or _HOST.fullmatch(host) is None or "**" in text:
        raise InvalidConfig(
            f"“{clean(text, 80)}” is not a registry pattern.", "Write host[:port][/path], such as quay.io/team/*."
        )
    if slash and (_PATH.fullmatch(path) is None or any(part.count("*") > MOST_STARS for part in path.split("/"))):
        raise InvalidConfig(f"The path of “{clean(text, 80)}” is not one of a repository.", "Parts are small letters, `*`, `/`.")
    return Pattern(text, normalize_registry(host), tuple(path.split("/")) if slash else ())


def is_azure_registry(host: str) -> bool:
    """Whether a host is an Azure Container Registry, by its whole name (`contoso.azurecr.io.evil.com` is none)."""
    return any(host.endswith(suffix) and _LABEL.fullmatch(host.removesuffix(suffix)) for suffix in _AZURE)
