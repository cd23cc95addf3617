"""A server that ends leaves nobody waiting."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

MOST_TURNS = 6
"""By then a connection is known in any case."""


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with socket.socket() as client:
        client.setblocking(False)
        yield client


@pytest.mark.parametrize("turns", range(MOST_TURNS))
async def test_who_knocks_as_the_door_is_shut_is_not_left_standing(client: socket.socket, turns: int) -> None:
    loop = asyncio.get_running_loop()
    server = TestServer(web.Application())
    await server.start_server()
    client.connect_ex(("127.0.0.1", server.port))
    for _ in range(turns):
        await asyncio.sleep(0)
    await server.close()
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionResetError):  # not even accepted
            assert await loop.sock_recv(client, 1) == b""


async def test_who_reads_no_more_does_not_keep_a_server_that_a_test_stops(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    answering = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        answering.set()
        return web.Response(body=bytes(50_000_000))

    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.05)
    await loop.sock_connect(client, ("127.0.0.1", server.port))
    await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await answering.wait()
    (connection,) = server.handler.connections
    transport = connection.transport
    assert transport is not None
    await server.close()
    assert transport.get_extra_info("socket").fileno() == -1
