"""Versions of the interface of Azure DevOps: a server of one's own that does not know ours is asked in the latest that it does.

Source: its refusals. `VssVersionOutOfRangeException` names the latest version of the server, `VssInvalidPreviewVersionException`
says that a resource is a preview in the version that is asked for; nothing was done then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.sources.kit.transport import Reply

__all__ = ["ServerVersions"]

_ASKED = re.compile(r"([?&]api-version=)(\d{1,2}\.\d)(-preview)?")
_LATEST = re.compile(rb"latest REST API version this server supports is (\d{1,2}\.\d)\b")
_PREVIEW = re.compile(rb"of the resource is under preview")
_NUMBER = re.compile(r"/(?:\d+|[0-9a-f-]{36})(?=/|$)")


class ServerVersions:
    """`PathVersions` of one server; learnt from what it refuses."""

    def __init__(self) -> None:
        self._latest = ""
        self._previews: set[str] = set()

    def path(self, path: str) -> str:
        """The path with a version that the server is known to have."""
        match = _ASKED.search(path)
        if match is None:
            return path
        preview = "-preview" if match[3] or _resource(path) in self._previews else ""
        return f"{path[: match.start()]}{match[1]}{self._latest or match[2]}{preview}{path[match.end() :]}"

    def learn(self, path: str, reply: Reply) -> bool:
        """Whether a refusal says how it can be asked instead; `path` is as it was asked for first."""
        before = self.path(path)
        if reply.status == 400 and (latest := _LATEST.search(reply.body[:8192])):
            version = latest[1].decode("ascii")
            # Ever older ones only: this comes to an end whatever a server says.
            if match := _ASKED.search(before):
                self._latest = min(version, match[2], key=_order)
        elif reply.status == 400 and _PREVIEW.search(reply.body[:8192]):
            self._previews.add(_resource(path))
        return self.path(path) != before


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _resource(path: str) -> str:
    return _NUMBER.sub("/*", path.partition("?")[0])
