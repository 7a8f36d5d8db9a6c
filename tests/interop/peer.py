"""Python `websockets` as a peer: holds the conversation of talk.rs as its server or its client.

    peer.py server [--deflate]       prints `listening on URL`
    peer.py client URL [--deflate]   exits with 0 when all was as it should be

Either exits with 1 as soon as something is not as it should be.
"""

import asyncio
import os
import sys

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

FAREWELL = (4002, "so long, Grüße ☃")
IN_PIECES = [b"split: \xe2", b"", b"\x98\x83 and \xf0\x9f", b"\xa6\x80"]
TEXTS = [
    "",
    "hello",
    "Καλημέρα, мир, 世界, 🦀 e\u0301 \u0000 \ufeff \U0010ffff",
    *("x" * length for length in (125, 126, 127, 65_535, 65_536)),
    "🦀" * (1024 * 1024 // 4),
]
BINARIES = [bytes(i % 256 for i in range(length)) for length in (0, 1, 256, 1024 * 1024)]


def expect(actual, expected):
    if actual != expected:
        print(f"expected {expected!r:.200}, not {actual!r:.200}", file=sys.stderr, flush=True)
        # A server's handler cannot end the program by an exception.
        os._exit(1)


def check_extensions(socket, deflate):
    names = [extension.name for extension in socket.protocol.extensions]
    expect(names, ["permessage-deflate"] if deflate else [])


async def pieces(socket):
    for index, piece in enumerate(IN_PIECES):
        if index == 1:
            await socket.ping(b"between")
        yield piece


async def answer(socket, deflate):
    check_extensions(socket, deflate)
    try:
        async for message in socket:
            if message == "!pieces":
                await socket.send(pieces(socket), text=True)
            elif message == "!close":
                await socket.close(*FAREWELL)
            else:
                await socket.send(message)
    except websockets.ConnectionClosed as closed:
        if closed.rcvd_then_sent:
            expect((closed.rcvd.code, closed.rcvd.reason), FAREWELL)
        else:
            expect(closed.rcvd.code, FAREWELL[0])


async def converse(url, options):
    async with connect(url, **options) as socket:
        check_extensions(socket, options["compression"] is not None)
        for message in [*TEXTS, *BINARIES]:
            await socket.send(message)
            expect(await socket.recv(), message)
        for payload in (b"", b"are you there?", b"\xff" * 125):
            await (await socket.ping(payload))
        await socket.send(pieces(socket), text=True)
        expect(await socket.recv(), b"".join(IN_PIECES).decode())
        await socket.send("!pieces")
        expect(await socket.recv(), b"".join(IN_PIECES).decode())
        await socket.send("!close")
        try:
            expect(await socket.recv(), "a close frame")
        except websockets.ConnectionClosed as closed:
            expect((closed.rcvd.code, closed.rcvd.reason), FAREWELL)


async def take_leave(url, options):
    async with connect(url, **options) as socket:
        await socket.send("before I go")
        expect(await socket.recv(), "before I go")
        await socket.close(*FAREWELL)
        expect(socket.protocol.close_rcvd.code, FAREWELL[0])


async def main():
    options = {"compression": "deflate" if "--deflate" in sys.argv else None}
    if sys.argv[1] == "client":
        await converse(sys.argv[2], options)
        await take_leave(sys.argv[2], options)
        return
    deflate = options["compression"] is not None
    async with serve(lambda socket: answer(socket, deflate), "127.0.0.1", 0, **options) as server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"listening on ws://{host}:{port}/", flush=True)
        await server.serve_forever()


asyncio.run(main())
