"""Opens connections: so many at once, in the order asked, each given a bounded time."""

from __future__ import annotations

import asyncio
import errno
import functools
import ipaddress
import os
import socket
from collections import deque
from collections.abc import Callable

from lakh.base.limits import FLEET_CONNECT_SECONDS, FLEET_HANDSHAKES_IN_FLIGHT
from lakh.fleet.identity import source_address
from lakh.fleet.member import Address, Connection, Member
from lakh.fleet.statistics import Statistics

_BIND_ADDRESS_NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT: the port is chosen on connect, per destination
_FOREIGN_SECONDS = 5.0  # for a server that the fleet was told of and may not reach


class Dialler:
    """Call `ask`; the member hears of the end."""

    __slots__ = ("_asked", "_limit", "_own", "_probes", "_running", "_statistics")

    def __init__(
        self, statistics: Statistics, own: tuple[Address, ...], limit: int = FLEET_HANDSHAKES_IN_FLIGHT
    ) -> None:
        self._asked: deque[Member] = deque()
        self._limit = limit
        self._own = frozenset(own)
        self._probes: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._statistics = statistics

    def ask(self, member: Member) -> None:
        self._asked.append(member)
        if len(self._running) < self._limit:
            task = asyncio.get_running_loop().create_task(self._work())
            self._running.add(task)
            task.add_done_callback(self._ended)
        self._count()

    def probe(self, server: Address, reachable: Callable[[], None]) -> None:
        """Connects by TCP alone, closes, and calls back. At the bound it does nothing: who asks will ask again."""
        if len(self._probes) < self._limit:
            task = asyncio.get_running_loop().create_task(self._probe(server, reachable))
            self._probes.add(task)
            task.add_done_callback(self._probes.discard)

    def stop(self) -> None:
        self._asked.clear()
        for task in [*self._running, *self._probes]:
            task.cancel()

    async def _probe(self, server: Address, reachable: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(_FOREIGN_SECONDS):
                sock = await self._connect(server, 0)
        except (OSError, TimeoutError):
            return
        sock.close()
        reachable()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._count()

    def _count(self) -> None:
        self._statistics.waiting = len(self._asked)
        self._statistics.dialling = len(self._running)

    async def _work(self) -> None:
        """Dials until nobody asks any more."""
        while self._asked:
            member = self._asked.popleft()
            self._count()
            if member.session.stopped or member.connected:
                continue
            try:
                await self._dial(member)
            except (OSError, TimeoutError):
                member.failed()

    async def _dial(self, member: Member) -> None:
        loop = asyncio.get_running_loop()
        server = member.next_server()
        secured: asyncio.Future[None] = loop.create_future()
        connection: Connection | None = None
        try:
            async with asyncio.timeout(FLEET_CONNECT_SECONDS if server in self._own else _FOREIGN_SECONDS):
                sock = await self._connect(server, member.number)
                connection = member.open(secured)
                kept = connection
                await loop.create_connection(lambda: kept, sock=sock)
                await secured
        except BaseException:
            if connection is not None:
                connection.close()
            raise

    @staticmethod
    async def _connect(server: Address, number: int) -> socket.socket:
        """A connected socket. Each agent has its own source address where the server is on loopback."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(*server, type=socket.SOCK_STREAM) if not _is_ip(server[0]) else None
        family, address = (found[0][0], found[0][4]) if found else (socket.AF_INET, server)
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if family == socket.AF_INET and str(address[0]).startswith("127."):
                sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
                sock.bind((source_address(number), 0))
            code = sock.connect_ex(address)
            if code == errno.EINPROGRESS:  # on loopback it has mostly happened already
                await _writable(sock)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
        except BaseException:
            sock.close()
            raise
        return sock


async def _writable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def told() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_writer(sock.fileno(), told)
    try:
        await ready
    finally:
        loop.remove_writer(sock.fileno())


@functools.cache
def _is_ip(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
