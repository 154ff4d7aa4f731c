"""The control side of the bus: which gateway holds which host, calls to hosts, and what agents say unasked.

`Gateways` is what `HostCaller` is in production. Any number of gateways connect to it; each tells with GatewayHello
what it already holds, so a control process that was killed and started again adopts the sessions of living gateways
and costs the agents nothing. A lost gateway fails its calls at once. Its hosts count as gone only when they have not
come back within GATEWAY_LOST_SECONDS, because their agents reconnect to another gateway by themselves.

The newest session of a host wins: attaching it closes the older one, wherever that is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus import messages as bus
from lakh.bus.agents import AgentEvents, Request, StartingAgent
from lakh.bus.connection import Connection
from lakh.bus.hosts import HostUnreachableError
from lakh.bus.socket import AsyncioPoller, BusListener
from lakh.wire.errors import ProtocolError
from lakh.wire.message import Message
from lakh.wire.payload import decode_payload, encode_payload
from lakh.wire.sequence import in_sequence

__all__ = ["AgentEvents", "Gateways", "Request", "StartingAgent"]

_log = logger(__name__)


class _Gateway:
    """One connected gateway: its sessions by number and the calls that wait for it."""

    __slots__ = ("calls", "end", "figures", "hosts_of_sessions", "number")

    def __init__(self, end: Connection) -> None:
        self.end = end
        self.number = -1  # until its hello
        self.hosts_of_sessions: dict[int, int] = {}
        self.calls: dict[int, _Waiting] = {}
        self.figures: dict[str, float] = {}


class _Waiting:
    """A call without its answer yet."""

    __slots__ = ("future", "host_id")

    def __init__(self, host_id: int, future: asyncio.Future[bytes]) -> None:
        self.host_id = host_id
        self.future = future

    def fail(self, text: str, *, sent: bool) -> None:
        if not self.future.done():
            self.future.set_exception(HostUnreachableError(self.host_id, text, sent=sent))


class Gateways:
    """All gateways of this control process; a HostCaller. Use from one event loop.

    `on_figures` may be set: it is called with each gateway's number and metrics, once a second. `before_call` is waited
    for before each call: where several control processes share the hosts, it returns while this one may act.
    """

    def __init__(self, settings: bus.GatewaySettings, events: AgentEvents) -> None:
        self._settings = settings
        self._revoked: list[str] = []
        self._events = events
        self._connected: list[_Gateway] = []
        self._hosts: dict[int, tuple[_Gateway, int]] = {}  # host id → its gateway and session
        self._orphans: dict[int, int] = {}  # host id of a lost gateway → which loss
        self._losses = 0
        self._gone: dict[str, list[int]] = {}  # reason → hosts that left in this turn of the loop
        self._last_call = 0
        self._room = asyncio.Semaphore(limits.CALLS_IN_FLIGHT)
        self._listener: BusListener | None = None
        self._arrival = asyncio.Event()
        self.on_figures: Callable[[int, dict[str, float]], None] = lambda _gateway, _figures: None
        self.before_call: Callable[[], Awaitable[None]] | None = None

    # --- gateways ----------------------------------------------------------------------------------------------------
    def listen(self, path: str) -> None:
        """Takes gateways at a unix socket. Raises BusAddressError."""
        self._listener = BusListener(path, AsyncioPoller(), bus.FromGateway, self.adopt)

    def adopt(self, end: Connection) -> None:
        """Takes a connection to a gateway, however it is carried; greets it with the settings."""
        if len(self._connected) >= limits.BUS_PEERS:
            end.close()
            return
        gateway = _Gateway(end)
        self._connected.append(gateway)
        end.on_message = lambda message: self._receive(gateway, message)
        end.on_lost = lambda: self._lost(gateway)
        _tell_revoked(gateway, self._revoked)  # before the settings, which let agents in
        end.send(self._settings)

    def set_settings(self, settings: bus.GatewaySettings) -> None:
        """Tells all gateways, present and future."""
        self._settings = settings
        for gateway in self._connected:
            gateway.end.send(settings)

    def revoke(self, serials: Sequence[str]) -> None:
        """Tells all gateways, present and future, of certificates that count no more (`serial_text`)."""
        self._revoked += serials
        for gateway in self._connected:
            _tell_revoked(gateway, serials)

    def close(self) -> None:
        """Leaves the gateways: they keep their agents for the next control process. Waiting calls fail."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for gateway in self._connected:
            gateway.end.close()
            self._fail_calls(gateway, "this server is stopping")
        self._connected.clear()
        self._hosts.clear()
        self._orphans.clear()

    async def connected(self, gateway: int) -> None:
        """Waits until the gateway of this number is connected."""
        while all(known.number != gateway for known in self._connected):
            self._arrival.clear()
            await self._arrival.wait()

    def figures(self) -> dict[int, dict[str, float]]:
        """The newest metrics of each connected gateway, by its number."""
        return {gateway.number: gateway.figures for gateway in self._connected if gateway.number >= 0}

    # --- hosts -------------------------------------------------------------------------------------------------------
    def is_connected(self, host_id: int) -> bool:
        """True while a session with the host is attached somewhere."""
        return host_id in self._hosts

    def connected_hosts(self) -> int:
        """How many hosts are attached."""
        return len(self._hosts)

    def host_is_up(self, host_id: int) -> None:
        """The host's connect processing has ended: its pings no longer ask for a Startup."""
        where = self._hosts.get(host_id)
        if where is not None:
            where[0].end.send(bus.HostIsUp(host_id))

    def drop(self, host_id: int) -> None:
        """Closes the host's session; `on_gone` follows with reason dropped."""
        where = self._hosts.get(host_id)
        if where is not None:
            where[0].end.send(bus.Drop(host_id, where[1]))

    async def call(
        self,
        host_id: int,
        commands: Sequence[Message],
        *,
        timeout_seconds: float = 1800.0,
        stop_on_error: bool = True,
    ) -> list[Message]:
        """One request; answers in the commands' order, one each. Raises HostUnreachableError."""
        if host_id not in self._hosts:
            raise HostUnreachableError(host_id, "no agent is connected", sent=False)
        encoded = encode_payload(commands)
        async with self._room:
            if self.before_call is not None:
                await self.before_call()
            where = self._hosts.get(host_id)
            if where is None:
                raise HostUnreachableError(host_id, "its agent left while the call waited", sent=False)
            request = bus.Call(
                call=0,
                host_id=host_id,
                commands=encoded,
                count=len(commands),
                in_sequence=in_sequence(commands),
                stop_on_error=stop_on_error,
                timeout_seconds=timeout_seconds,
            )
            answers = _decoded(host_id, await self._ask(where[0], request))
        if len(answers) != len(commands):
            raise HostUnreachableError(host_id, f"{len(answers)} answers to {len(commands)} commands")
        return answers

    async def _ask(self, gateway: _Gateway, request: bus.Call) -> bytes:
        loop = asyncio.get_running_loop()
        self._last_call += 1
        number = request.call = self._last_call
        waiting = _Waiting(request.host_id, loop.create_future())
        gateway.calls[number] = waiting
        gateway.end.send(request)
        patience = request.timeout_seconds + limits.CALL_GRACE_SECONDS
        guard = loop.call_later(patience, lambda: waiting.fail(f"its gateway is silent for {patience} s", sent=True))
        try:
            return await waiting.future
        finally:
            guard.cancel()
            if gateway.calls.pop(number, None) is not None:  # cancelled, or the gateway hangs
                gateway.end.send(bus.CancelCall(number))

    # --- what gateways say -------------------------------------------------------------------------------------------
    def _receive(self, gateway: _Gateway, message: msgspec.Struct) -> None:
        match message:
            case bus.CallDone():
                self._call_done(gateway, message)
            case bus.AgentStartup():
                self._events.on_startup(StartingAgent(message, gateway.end, partial(self._attach, gateway)))
            case bus.AgentGone():
                self._agent_gone(gateway, message)
            case bus.PowerReport():
                self._events.on_power_report(message)
            case bus.RulesetReport():
                self._events.on_ruleset_report(message)
            case bus.PingBehind():
                self._events.on_ping_behind(message.host_ids)
            case bus.PingSeen():
                self._events.on_ping_seen(message.host_ids)
            case bus.Pinged():
                self._events.on_pinged(message.host_ids)
            case bus.AgentRequest():
                self._events.on_agent_request(Request(message, gateway.end))
            case bus.AgentAttached():
                self._note(gateway, message.session, message.host_id)
            case bus.AgentUp():
                self._events.on_adopted(gateway.number, (message.host_id,))
            case bus.GatewayFigures():
                gateway.figures = message.figures
                self.on_figures(gateway.number, message.figures)
            case bus.GatewayHello():
                self._hello(gateway, message)
            case _:
                _log.warning("unexpected bus message", gateway=gateway.number, type=type(message).__name__)

    def _hello(self, gateway: _Gateway, hello: bus.GatewayHello) -> None:
        for other in list(self._connected):
            if other is not gateway and other.number == hello.gateway:  # its old connection is not closed yet
                other.end.close()
                self._lost(other)
        gateway.number = hello.gateway
        self._arrival.set()
        adopted: list[int] = []
        for held in hello.held:
            session, host_id = held.session, held.host_id
            if not self._settings.owns_liveness:  # whoever does closes the older one of two, and says so
                self._note(gateway, session, host_id)
            elif host_id in self._hosts:  # attached elsewhere while this gateway was away: that one is newer
                gateway.end.send(bus.Drop(host_id, session))
                continue
            else:
                self._hold(gateway, session, host_id)
            if held.is_up:
                adopted.append(host_id)
        if adopted:
            self._events.on_adopted(gateway.number, adopted)
        _log.info("gateway connected", gateway=gateway.number, pid=hello.pid, hosts=len(hello.held))

    def _call_done(self, gateway: _Gateway, done: bus.CallDone) -> None:
        waiting = gateway.calls.pop(done.call, None)
        if waiting is None or waiting.future.done():
            return  # nobody waits any more
        if done.error:
            waiting.fail(done.error, sent=done.sent)
        else:
            waiting.future.set_result(done.answers)

    def _agent_gone(self, gateway: _Gateway, gone: bus.AgentGone) -> None:
        host_id = gateway.hosts_of_sessions.pop(gone.session, -1)
        if host_id >= 0 and self._hosts.get(host_id) == (gateway, gone.session):
            del self._hosts[host_id]
            if not self._gone:
                asyncio.get_running_loop().call_soon(self._tell_gone)
            self._gone.setdefault(gone.reason, []).append(host_id)

    def _tell_gone(self) -> None:
        """Thousands of agents that leave together are told of together."""
        gone, self._gone = self._gone, {}
        for reason, host_ids in gone.items():
            away = [host_id for host_id in host_ids if host_id not in self._hosts]
            if away:
                self._events.on_gone(away, reason)

    def _lost(self, gateway: _Gateway) -> None:
        if gateway not in self._connected:
            return
        self._connected.remove(gateway)
        self._fail_calls(gateway, "its gateway is lost")
        hosts = [
            host for session, host in gateway.hosts_of_sessions.items() if self._hosts.get(host) == (gateway, session)
        ]
        self._losses += 1
        loss = self._losses
        for host_id in hosts:
            del self._hosts[host_id]
            self._orphans[host_id] = loss
        _log.warning("gateway lost", gateway=gateway.number, hosts=len(hosts))
        if hosts:
            self._events.on_gateway_lost(gateway.number, hosts)
            asyncio.get_running_loop().call_later(limits.GATEWAY_LOST_SECONDS, self._give_up, loss, hosts)

    def _give_up(self, loss: int, hosts: list[int]) -> None:
        """Reports the hosts of a lost gateway that nobody took over."""
        gone = [host_id for host_id in hosts if self._orphans.get(host_id) == loss]
        for host_id in gone:
            del self._orphans[host_id]
        if gone:
            self._events.on_gone(gone, "gateway-lost")

    def _fail_calls(self, gateway: _Gateway, text: str) -> None:
        calls, gateway.calls = gateway.calls, {}
        for waiting in calls.values():
            waiting.fail(text, sent=True)

    def _attach(self, gateway: _Gateway, session: int, host_id: int) -> None:
        gateway.end.send(bus.Attach(session, host_id))
        self._hold(gateway, session, host_id)

    def _hold(self, gateway: _Gateway, session: int, host_id: int) -> None:
        """Notes where a host is held; an older session elsewhere is closed, one on the same gateway closes itself."""
        before = self._hosts.get(host_id)
        if before is not None and before != (gateway, session):
            before[0].hosts_of_sessions.pop(before[1], None)
            if before[0] is not gateway:
                before[0].end.send(bus.Drop(host_id, before[1]))
        self._note(gateway, session, host_id)

    def _note(self, gateway: _Gateway, session: int, host_id: int) -> None:
        self._orphans.pop(host_id, None)
        gateway.hosts_of_sessions[session] = host_id
        self._hosts[host_id] = (gateway, session)


def _tell_revoked(gateway: _Gateway, serials: Sequence[str]) -> None:
    for start in range(0, len(serials), limits.REVOKED_AT_ONCE):
        gateway.end.send(bus.Revoked(tuple(serials[start : start + limits.REVOKED_AT_ONCE])))


def _decoded(host_id: int, answers: bytes) -> list[Message]:
    try:
        return decode_payload(answers)
    except ProtocolError as error:
        raise HostUnreachableError(host_id, f"its answer cannot be read: {error}") from None
