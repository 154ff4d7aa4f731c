"""`python -m lakh.lab.peers`: peers that mean a gateway no good, thousands at once, from many loopback addresses.

A quarter each: *silent* ones connect and say nothing; *slow* ones send a byte of their hello a second; *garbage* is not
TLS at all; *unfinished* ones begin a handshake and never go on. Who is cut comes again a little later, until SIGUSR1.
Once a second it prints a line of JSON: how many are open, how many were cut so far, and the longest time one was held.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any, Final

import msgspec

from lakh.fleet.run import raise_open_files
from lakh.wire.tls import TlsLink, TlsSide

KINDS: Final = ("silent", "slow", "garbage", "unfinished")
ADDRESSES: Final = 64
AGAIN_SECONDS: Final = 5.0
_BIND_ADDRESS_NO_PORT: Final = 24
_SLOWLY_SECONDS: Final = 1.0


class Peers:
    """All of them."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self._count = count
        self._hello = TlsLink(TlsSide.client()).outgoing()
        self._renewing = True
        self.open: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self.longest_seconds = 0.0

    async def run(self) -> None:
        """Until all are cut and none comes again."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._no_more)
        telling = asyncio.create_task(self._tell())
        await asyncio.gather(*(self._live(number) for number in range(self._count)))
        telling.cancel()
        self._say()

    def _no_more(self) -> None:
        self._renewing = False

    async def _tell(self) -> None:
        while True:
            self._say()
            await asyncio.sleep(1.0)

    def _say(self) -> None:
        line = {"open": self.open.total(), "cut": dict(self.cut), "longest_seconds": round(self.longest_seconds, 2)}
        os.write(1, msgspec.json.encode(line) + b"\n")

    async def _live(self, number: int) -> None:
        kind = KINDS[number % len(KINDS)]
        await asyncio.sleep(number / self._count * 2)
        while self._renewing:
            with suppress(OSError, TimeoutError):
                await self._visit(number, kind)
            for _ in range(int(AGAIN_SECONDS * 4)):
                if self._renewing:
                    await asyncio.sleep(0.25)

    async def _visit(self, number: int, kind: str) -> None:
        """One connection, until the other side ends it."""
        loop = asyncio.get_running_loop()
        with socket.socket() as sock:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            sock.bind((f"127.0.{10 + number % ADDRESSES // 32}.{1 + number % 32}", 0))
            async with asyncio.timeout(30):
                await loop.sock_connect(sock, ("127.0.0.1", self._port))
            began = time.monotonic()
            self.open[kind] += 1
            talking = asyncio.create_task(self._talk(sock, kind))
            try:
                while await loop.sock_recv(sock, 4096):
                    pass
            finally:
                talking.cancel()
                self.open[kind] -= 1
                self.cut[kind] += 1
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)

    async def _talk(self, sock: socket.socket, kind: str) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            if kind == "unfinished":
                await loop.sock_sendall(sock, self._hello)
            elif kind == "garbage":
                await loop.sock_sendall(sock, b"GET / HTTP/1.1\r\nHost: wrong.example\r\n\r\n")
            elif kind == "slow":
                for byte in self._hello:
                    await loop.sock_sendall(sock, bytes((byte,)))
                    await asyncio.sleep(_SLOWLY_SECONDS)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lakh.lab.peers", description="Plays hostile peers of a gateway.")
    parser.add_argument("--port", type=int, required=True, help="the gateway's, on 127.0.0.1")
    parser.add_argument("--count", type=int, default=5000, help="how many at once (default %(default)s)")
    options = parser.parse_args(arguments)
    raise_open_files(options.count)
    asyncio.run(_run(options))
    return 0


async def _run(options: Any) -> None:
    await Peers(options.port, options.count).run()


if __name__ == "__main__":
    sys.exit(main())
