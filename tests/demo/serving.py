"""Serving an emulator's handler on a real socket within a test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from tui.demo.http import Handler, serve

__all__ = ["Answer", "Asker", "asking"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> dict[str, object]:
        """The body, which must be an object."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


class Asker:
    """Asks one server; paths go out as they are written."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.session, self.base = session, base

    async def __call__(self, path: str, method: str = "GET", data: str = "", **headers: str) -> Answer:
        """One request; `Authorization` and the like as keywords."""
        url = URL(self.base + path, encoded=True)
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers} if data else headers
        async with self.session.request(method, url, data=data or None, headers=sent, allow_redirects=False) as reply:
            return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, await reply.text())


@asynccontextmanager
async def asking(handler: Handler) -> AsyncIterator[Asker]:
    """A server and somebody who asks it."""
    server, port = await serve(handler, None)
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        try:
            yield Asker(session, f"http://127.0.0.1:{port}")
        finally:
            server.close()
