"""What was asked of the demo's servers, beyond plain reads: whether anything was changed is told from here.

`GET` and `HEAD` are counted; every other request is a line of JSON (server, method, path, status) in a file of the demo's
directory, and kept for whoever holds the run in the same process; a file that the environment
names outlives it. Another one gets every request whole, reads too: what was sent is told from there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tui.demo.http import Handler, Reply, Request

__all__ = ["EVERY_IN", "KEPT_IN", "REQUESTS", "LoggedRequest", "RequestLog"]

REQUESTS = "requests.jsonl"
KEPT_IN = "TRUSTREE_DEMO_REQUESTS"
"""The variable that names a file to which the lines of every run are appended too, and which outlives them."""
EVERY_IN = "TRUSTREE_DEMO_EVERY_REQUEST"
"""The variable that names a file to which every request is appended whole: target, headers and body as they were sent."""
_READS = frozenset({"GET", "HEAD"})


class LoggedRequest(NamedTuple):
    """One request that is not a plain read."""

    server: str
    method: str
    path: str
    status: int


class RequestLog:
    """The requests of a run, in the order in which they were answered."""

    def __init__(self, file: Path) -> None:
        path = os.environ.get(KEPT_IN, "")
        self._files = (file, Path(path)) if path else (file,)
        whole = os.environ.get(EVERY_IN, "")
        self._whole = Path(whole) if whole else None
        self.reads = 0
        self.others: list[LoggedRequest] = []

    def around(self, server: str, handler: Handler) -> Handler:
        """The handler of a server, logged; one that ends the connection without an answer is logged with status 0."""

        async def handle(request: Request) -> Reply:
            if self._whole is not None:
                _append(self._whole, _whole(server, request))
            if request.method in _READS:
                self.reads += 1
                return await handler(request)
            status = 0
            try:
                reply = await handler(request)
                status = reply.status
                return reply
            finally:
                self._write(LoggedRequest(server, request.method, request.path, status))

        return handle

    def _write(self, line: LoggedRequest) -> None:
        self.others.append(line)
        for name in self._files:
            _append(name, line._asdict())


def _whole(server: str, request: Request) -> Mapping[str, object]:
    body = request.body.decode("utf-8", "replace")
    return {
        "server": server,
        "method": request.method,
        "target": request.target,
        "headers": dict(request.headers),
        "body": body,
    }


def _append(name: Path, line: Mapping[str, object]) -> None:
    with name.open("a") as file:
        file.write(json.dumps(line) + "\n")
