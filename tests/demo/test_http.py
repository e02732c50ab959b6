"""The servers of the demo as such."""

from __future__ import annotations

import asyncio
import socket

from tui.demo.http import Reply, Request, serve, text_reply


async def test_answers_go_out_at_once() -> None:
    # Measured: without it every answer with a body came 40 ms late, as it waited for the acknowledgement of its head.
    async def handle(request: Request) -> Reply:
        return text_reply(request.path, 200)

    server, port = await serve(handle, None)
    async with server:
        assert server.sockets[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /there HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"/there")
        writer.close()
        await writer.wait_closed()
