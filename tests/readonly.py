"""The proof that nothing but reads leaves the program: what every demo of the suite was asked, beyond GET and HEAD.

Some protocols ask by POST, without changing anything: those are named here, one by one. A test that lets the program change
something is marked `writes`; all others fail when anything else was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["Watched", "changes_in", "is_read"]

_READS = {
    "registry": r"/oauth2/(exchange|token)",
    "cluster": r"/apis/(authentication\.k8s\.io/v1/selfsubject|authorization\.k8s\.io/v1/selfsubject(access|rules))reviews",
    "arm": r"/providers/Microsoft\.ResourceGraph/resources|/subscriptions/.+/(listClusterUserCredential|listLogSasUrl)",
    "defender": r"/providers/Microsoft\.ResourceGraph/resources",
    "aqua": r"/api/v1/login",
    "prisma": r"/api/v1/authenticate",
}
"""By the kind of a server, the paths that only ask or sign in."""


def is_read(server: str, method: str, path: str) -> bool:
    """Whether a request changes nothing."""
    if method in ("GET", "HEAD"):
        return True
    kind = "cluster" if server.startswith("prod-") else "registry" if "." in server else server
    return method == "POST" and re.fullmatch(_READS.get(kind, "(?!)"), path.partition("?")[0], re.IGNORECASE) is not None


def changes_in(lines: Iterable[str]) -> list[str]:
    """The requests in a log of the demo that are no reads."""
    requests = [json.loads(line) for line in lines]
    return [
        f"{request['method']} {request['path']} of {request['server']}"
        for request in requests
        if not is_read(request["server"], request["method"], request["path"])
    ]


class Watched:
    """The logs of the demos of one session: `reading` of tests that must change nothing, `writing` of those that may."""

    def __init__(self, folder: Path) -> None:
        self.reading, self.writing = folder / "reading.jsonl", folder / "writing.jsonl"
        self._seen = 0

    def new_changes(self) -> list[str]:
        """What was changed since it was last asked, where nothing may be."""
        if not self.reading.exists():
            return []
        text = self.reading.read_bytes()[self._seen :]
        whole = text[: text.rfind(b"\n") + 1]
        self._seen += len(whole)
        return changes_in(whole.decode().splitlines())
