"""A door on this machine to one server behind a SOCKS5 proxy, such as `ssh -D` opens: what is said through it stays TLS.

The HTTP client knows no SOCKS; it is led to a port of ours that carries its bytes. The proxy resolves the server's name, so
names of private clusters resolve where the proxy is. Sources: RFC 1928 (SOCKS 5), RFC 1929 (user name and password).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import IPv4Address, ip_address

from yarl import URL

from tui.domain.common.text import clean
from tui.errors import SourceError, Unreachable

__all__ = ["LOCALHOST", "SOCKS", "SocksBridge"]

LOCALHOST = "127.0.0.1"
SOCKS = ("socks5", "socks5h")
_CHUNK = 65536
_USUAL_PORT = 1080
_REPLIES = {
    1: "it gives no reason",
    2: "its rules do not allow it",
    3: "there is no route to it from there",
    4: "it cannot be reached from there",
    5: "the connection is refused",
    6: "it did not answer in time",
}


class SocksBridge:
    """Carries connections from a port of this machine to `host` and `port` by way of a proxy; `failure` is the last one's."""

    def __init__(self, proxy: URL, host: str, port: int, patience: float) -> None:
        self.failure: SourceError | None = None
        self._proxy, self._host, self._port, self._patience = proxy, host, port, patience
        self._server: asyncio.Server | None = None
        self._opening = asyncio.Lock()
        self._carrying: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """The port, open until `close`."""
        async with self._opening:
            if self._server is None:
                self._server = await asyncio.start_server(self._accept, LOCALHOST, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._carrying):
            task.cancel()
        if self._carrying:
            await asyncio.wait(self._carrying)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer), name="socks")  # `close` awaits it
        self._carrying.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, writer))

    def _ended(self, task: asyncio.Task[None], writer: asyncio.StreamWriter) -> None:
        self._carrying.discard(task)
        writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._patience):
                far_reader, far_writer = await self._connect()
        except SourceError as error:
            self.failure = error
            return
        except (OSError, EOFError, ValueError) as error:  # a time-out is an OSError
            self.failure = self._unreachable("it does not answer" if isinstance(error, TimeoutError) else "it cannot be reached")
            self.failure.__cause__ = error
            return
        self.failure = None
        ways = {asyncio.create_task(_copy(reader, far_writer)), asyncio.create_task(_copy(far_reader, writer))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)  # who has closed one way is done with both
        finally:
            for way in ways:
                way.cancel()
            far_writer.close()
            await asyncio.wait(ways)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that the proxy has made. Raises SourceError, OSError and EOFError."""
        reader, writer = await asyncio.open_connection(self._proxy.host, self._proxy.port or _USUAL_PORT)
        connected = False
        try:
            await self._greet(reader, writer)
            writer.write(b"\x05\x01\x00" + _address(self._host) + self._port.to_bytes(2))
            version, reply, _, kind = await reader.readexactly(4)
            if version != 5:
                raise self._unreachable("it does not speak SOCKS 5")
            if reply:
                why = _REPLIES.get(reply, "it cannot")
                raise Unreachable(
                    f"The SOCKS proxy {self._at} does not connect to {clean(self._host, 80)}: {why}.",
                    "Check that the API server can be reached from where the proxy is, and 'server' in the kubeconfig.",
                )
            length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
            await reader.readexactly(length + 2)
            connected = True
        finally:
            if not connected:
                writer.close()
        return reader, writer

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user = (self._proxy.user or "").encode()[:255]
        password = (self._proxy.password or "").encode()[:255]
        writer.write(b"\x05\x02\x00\x02" if user else b"\x05\x01\x00")
        version, method = await reader.readexactly(2)
        if version != 5:
            raise self._unreachable("it does not speak SOCKS 5")
        if method == 2 and user:
            writer.write(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
            if (await reader.readexactly(2))[1]:
                raise self._unreachable("it refuses the user name and password of proxy-url")
        elif method:
            raise self._unreachable(
                "it requires a user name and password" if not user else "it offers no way to sign in that is supported"
            )

    @property
    def _at(self) -> str:
        return clean(f"{self._proxy.host}:{self._proxy.port or _USUAL_PORT}", 80)

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(
            f"The SOCKS proxy {self._at} does not let us through: {why}.", "Check proxy-url, and that the proxy (ssh -D) runs."
        )


def _address(host: str) -> bytes:
    """The server as the proxy is told of it: a name is resolved there."""
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return b"\x03" + bytes([len(name)]) + name
    return (b"\x01" if isinstance(address, IPv4Address) else b"\x04") + address.packed


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
