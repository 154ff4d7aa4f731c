"""A gateway to tell stories about: real sockets, a clock that stands still unless told, scripted agents and control.

The gateway's own loop is hosted by the test's asyncio loop: its descriptor is readable whenever it has work.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from lakh.bus import messages as bus
from lakh.bus.agents import Request, StartingAgent
from lakh.bus.gateways import Gateways
from lakh.bus.socket import BusDialer
from lakh.gateway.admission import Certified
from lakh.gateway.capacity import Capacity
from lakh.gateway.gateway import Gateway
from lakh.gateway.loop import Loop
from lakh.gateway.newcomers import bound_sockets
from lakh.wire.frame import Frame, agent_request, agent_response, decode_frame
from lakh.wire.header import Header
from lakh.wire.message import API, Message
from lakh.wire.payload import decode_payload
from lakh.wire.ping import routing_ping
from lakh.wire.startup import StartupCommand, startup_payload
from lakh.wire.tls import TlsLink, TlsSide

PATIENCE_SECONDS = 10.0
MANAGEMENT_SERVER_ID = 345051122106


async def soon(awaitable: Any) -> Any:
    """What must happen without any clock moving; fails the test when it does not."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await awaitable


def settings(**changes: Any) -> bus.GatewaySettings:
    values: dict[str, Any] = {
        "management_server_id": MANAGEMENT_SERVER_ID,
        "ping_interval_seconds": 60,
        "ping_timeout_multiplier": 2.5,
        "avoid_servers": (),
    }
    return bus.GatewaySettings(**(values | changes))


class Control:
    """What a control process hears, in queues."""

    def __init__(self) -> None:
        self.startups: asyncio.Queue[StartingAgent] = asyncio.Queue()
        self.gone: asyncio.Queue[tuple[tuple[int, ...], str]] = asyncio.Queue()
        self.gateways_lost: asyncio.Queue[tuple[int, tuple[int, ...]]] = asyncio.Queue()
        self.adopted: asyncio.Queue[tuple[int, ...]] = asyncio.Queue()
        self.reports: asyncio.Queue[bus.PowerReport] = asyncio.Queue()
        self.rulesets: asyncio.Queue[bus.RulesetReport] = asyncio.Queue()
        self.behind: asyncio.Queue[tuple[int, ...]] = asyncio.Queue()
        self.seen: asyncio.Queue[tuple[int, ...]] = asyncio.Queue()
        self.pinged: asyncio.Queue[set[int]] = asyncio.Queue()
        self.requests: asyncio.Queue[Request] = asyncio.Queue()

    def on_startup(self, agent: StartingAgent) -> None:
        self.startups.put_nowait(agent)

    def on_gone(self, host_ids: Sequence[int], reason: str) -> None:
        self.gone.put_nowait((tuple(host_ids), reason))

    def on_gateway_lost(self, gateway: int, host_ids: Sequence[int]) -> None:
        self.gateways_lost.put_nowait((gateway, tuple(host_ids)))

    def on_adopted(self, gateway: int, host_ids: Sequence[int]) -> None:
        self.adopted.put_nowait(tuple(host_ids))

    def on_power_report(self, report: bus.PowerReport) -> None:
        self.reports.put_nowait(report)

    def on_ruleset_report(self, report: bus.RulesetReport) -> None:
        self.rulesets.put_nowait(report)

    def on_ping_behind(self, host_ids: Sequence[int]) -> None:
        self.behind.put_nowait(tuple(host_ids))

    def on_ping_seen(self, host_ids: Sequence[int]) -> None:
        self.seen.put_nowait(tuple(host_ids))

    def on_pinged(self, host_ids: Sequence[int]) -> None:
        self.pinged.put_nowait(set(host_ids))

    def on_agent_request(self, request: Request) -> None:
        self.requests.put_nowait(request)


class Stand:
    """One gateway process's insides, listening on a free port of 127.0.0.1."""

    def __init__(
        self,
        tls: TlsSide,
        path: Path,
        *,
        number: int = 1,
        connections: int = 1000,
        certified: Certified | None = None,
    ) -> None:
        self.now = 1000.0
        self._turned = asyncio.Event()
        self.loop = Loop(lambda: self.now)
        capacity = Capacity(connections + 64)
        self.gateway = Gateway(number, self.loop, tls, capacity, lambda below: 7 % below, certified)
        self.path = str(path)
        self.port = 0
        self._bound = [bound_sockets(["127.0.0.1"], 0)]
        self.port = self._bound[0][0].getsockname()[1]
        self.gateway.on_settings = self._listen
        asyncio.get_running_loop().add_reader(self.loop.fileno(), self.turn)
        self._dialer = BusDialer(self.path, self.loop, bus.ToGateway, self.gateway.connect)
        self._dialer.dial()

    def _listen(self) -> None:
        self.gateway.on_settings = lambda: None
        self.gateway.newcomers.listen(
            lambda: self._bound.pop() if self._bound else bound_sockets(["127.0.0.1"], self.port)
        )

    def turn(self) -> None:
        self.loop.turn()
        while self.loop.wait_seconds() == 0.0:
            self.loop.turn()
        self._turned.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what the gateway's coming turns bring about."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._turned.clear()
                await self._turned.wait()

    def pass_time(self, seconds: int) -> None:
        """Lets the gateway's clock run, second by second."""
        for _ in range(seconds):
            self.now += 1.0
            self.turn()

    @property
    def connections(self) -> int:
        return len(self.gateway.edge.by_fd)

    def die(self) -> None:
        """As kill -9 would: every socket closes, nobody is told."""
        asyncio.get_running_loop().remove_reader(self.loop.fileno())
        self._dialer.close()
        self.gateway.newcomers.close()
        self.gateway.edge.close()
        self.loop.close()


class Agent:
    """A scripted agent: says what the test says."""

    def __init__(self, sock: socket.socket, link: TlsLink) -> None:
        self.sock = sock
        self.link = link
        self.host_id = -1
        self._sequence = -1
        self._received: list[bytes] = []

    @classmethod
    async def connect(cls, port: int, tls: TlsSide) -> Self:
        """Connects and ends the TLS handshake."""
        agent = cls(await raw_connection(port), TlsLink(tls))
        loop = asyncio.get_running_loop()
        while True:
            await loop.sock_sendall(agent.sock, agent.link.outgoing())
            if agent.link.handshake_done:
                return agent
            data = await soon(loop.sock_recv(agent.sock, 65536))
            if not data:
                raise ConnectionResetError("closed during the handshake")
            agent._received += agent.link.receive(data)

    async def ask(self, commands: Sequence[Message], *, host_id: int | None = None) -> int:
        """Sends a request, returns its sequence."""
        self._sequence += 1
        known = self.host_id if host_id is None else host_id
        await self.send(agent_request(commands, sequence=self._sequence, host_id=known))
        return self._sequence

    async def say_startup(self, guid: str = "guid-1") -> int:
        self._sequence += 1
        payload = startup_payload(StartupCommand(type="Routing", guid=guid, name="kvm-1"))
        await self.send(Header(1, self._sequence, len(payload), -1, self.host_id, self.host_id).encode() + payload)
        return self._sequence

    async def ping(self, states: dict[str, str] | None = None, **fields: Any) -> Frame:
        """Pings and returns the answer's frame."""
        await self.ask([routing_ping(self.host_id, states, host_name="kvm-1", **fields)])
        return await self.frame()

    async def send(self, message: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, self.link.send(message))

    async def frame(self) -> Frame:
        """The next message from the gateway."""
        loop = asyncio.get_running_loop()
        while not self._received:
            data = await soon(loop.sock_recv(self.sock, 65536))
            if not data:
                raise ConnectionResetError("the gateway closed the connection")
            self._received += self.link.receive(data)
        return decode_frame(self._received.pop(0))

    async def answer(self, request: Header, *answers: Message) -> None:
        await self.send(agent_response(request, answers))

    async def closed(self) -> bool:
        """Waits for the gateway to close; true when it does without a further message."""
        loop = asyncio.get_running_loop()
        try:
            data = await soon(loop.sock_recv(self.sock, 65536))
        except ConnectionResetError:
            return True
        return not data

    def close(self) -> None:
        self.sock.close()


async def raw_connection(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    await soon(asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port)))
    return sock


def command(name: str, **fields: Any) -> Message:
    return Message(API + name, {"contextMap": {}, "wait": 0, **fields})


def only(frame: Frame) -> Message:
    """The single command or answer of a frame."""
    (message,) = decode_payload(frame.payload)
    return message


__all__ = ["Agent", "Control", "Gateways", "Stand", "command", "only", "raw_connection", "settings", "soon"]
