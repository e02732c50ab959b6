"""Versions of Azure's interfaces: what a cloud or a region does not know yet is asked for in the newest form that it does.

Source: the refusals of Azure Resource Manager, which name what is supported (`NoRegisteredProviderFound`, `InvalidResourceType`,
`InvalidApiVersionParameter`): nothing was done then. The older versions have everything that is read or sent here
(azure-rest-api-specs: RegistryTasks, containerregistry, containerservice, authorization).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["Versions"]

_OLDER = {
    "2025-03-01-preview": ("2019-06-01-preview", "2019-04-01"),
    "2025-11-01": ("2025-04-01", "2023-07-01", "2022-12-01", "2019-05-01"),
    "2024-09-01": ("2024-02-01", "2023-10-01", "2023-02-01"),
    "2022-04-01": ("2018-01-01-preview", "2015-07-01"),
}
_ASKED = re.compile(r"([?&]api-version=)([0-9a-z-]+)")
_SUPPORTED = re.compile(rb"supported (?:api-)?versions are '([0-9a-z, -]{1,4000})'", re.IGNORECASE)


class Versions:
    """`PathVersions` of Azure: which version is used for the one that is asked for, by the type of what is asked for."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], str] = {}

    def path(self, path: str) -> str:
        """The path with the version that is known to be supported."""
        match = _ASKED.search(path)
        used = self._used.get((_type_of(path), match[2])) if match else None
        return path if match is None or used is None else f"{path[: match.start(2)]}{used}{path[match.end(2) :]}"

    def learn(self, path: str, reply: Reply) -> bool:
        """Whether a refusal names an older version that can be used; `path` is as it was asked for first."""
        match = _ASKED.search(path)
        supported = _SUPPORTED.search(reply.body) if reply.status in (400, 404) else None
        if match is None or supported is None:
            return False
        names = {name.strip() for name in supported[1].decode("ascii").split(",")}
        key, older = (_type_of(path), match[2]), _OLDER.get(match[2], ())
        if key in self._used:  # ever older ones only: this comes to an end whatever a server says
            older = older[older.index(self._used[key]) + 1 :]
        used = next((version for version in older if version in names), None)
        if used is None:
            return False
        self._used[key] = used
        return True


def _type_of(path: str) -> str:
    """The types of a resource: each second part behind its last provider; the actions on it count as a type of their own."""
    _, _, below = path.partition("?")[0].lower().rpartition("/providers/")
    provider, _, parts = below.partition("/")
    return "/".join((provider, *parts.split("/")[::2]))
