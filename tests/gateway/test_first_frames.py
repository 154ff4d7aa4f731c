"""What agents say first, damaged at random: the gateway closes or passes it over, and nothing of it stays.

Everything is the product's own but sockets and TLS, from a whole message to the control process that reads the Startup.
A case is one connection with up to four messages. A few thousand run with every change, a million in `make soak`.
"""

from __future__ import annotations

import contextlib
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.gateway.stand import settings
from tests.wire.damage import damaged, good_messages

from lakh.bus import messages as bus
from lakh.bus.agents import Request, StartingAgent
from lakh.bus.gateways import Gateways
from lakh.bus.inprocess import pair
from lakh.gateway.capacity import Capacity
from lakh.gateway.gateway import Gateway
from lakh.gateway.session import CLOSED, Session
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import decode_frame
from lakh.wire.header import Header
from lakh.wire.payload import decode_payload
from lakh.wire.startup import PoolInfo, StartupCommand, startup_payload


class StillLoop:
    """A gateway's loop without descriptors, where time stands still: `run` until nothing is left to do."""

    on_session: Callable[[int, int], None]
    on_newcomer: Callable[[int], None]
    longest_turn_seconds = 0.0

    def __init__(self) -> None:
        self._soon: deque[Callable[[], None]] = deque()

    def monotonic(self) -> float:
        return 1000.0

    def soon(self, callback: Callable[[], None]) -> None:
        self._soon.append(callback)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Never comes."""

    def add_session(self, fd: int, *, writes: bool = False) -> None:
        """There are no descriptors here."""

    remove_session = add_session

    def run(self) -> None:
        while self._soon:
            self._soon.popleft()()


class Peer:
    """Plays socket and TLS of one agent; `heard` is what it was told."""

    message_limit_bytes = 0

    def __init__(self, number: int) -> None:
        self._number = number
        self.heard: list[bytes] = []

    def fileno(self) -> int:
        return self._number

    def getpeername(self) -> tuple[str, int]:
        return "192.0.2.1", 40000

    def send(self, message: bytes) -> Any:
        """As TLS it hands the message on, as socket it takes it."""
        self.heard.append(message)
        return message if self.heard.count(message) % 2 else len(message)

    def shutdown(self, _how: int) -> None:
        """It hears the end."""

    def close(self) -> None:
        """It is gone."""


class Control:
    """Reads what it gets as the product does, attaches one agent in two and refuses the others."""

    def __init__(self) -> None:
        self.startups = self.unreadable = self.requests = 0

    def on_startup(self, agent: StartingAgent) -> None:
        self.startups += 1
        try:
            agent.startup()
        except ProtocolError:
            self.unreadable += 1
            agent.drop()
            return
        if self.startups % 2:
            agent.attach(self.startups)
        else:
            agent.refuse("no")

    def on_agent_request(self, request: Request) -> None:
        self.requests += 1
        with contextlib.suppress(ProtocolError):
            request.commands()

    def on_gone(self, host_ids: Sequence[int], reason: str) -> None: ...
    def on_gateway_lost(self, gateway: int, host_ids: Sequence[int]) -> None: ...
    def on_adopted(self, gateway: int, host_ids: Sequence[int]) -> None: ...
    def on_power_report(self, report: bus.PowerReport) -> None: ...
    def on_ruleset_report(self, report: bus.RulesetReport) -> None: ...
    def on_ping_behind(self, host_ids: Sequence[int]) -> None: ...
    def on_ping_seen(self, host_ids: Sequence[int]) -> None: ...
    def on_pinged(self, host_ids: Sequence[int]) -> None: ...


class Fuzzed:
    """A gateway with its control process, and connections that say anything."""

    def __init__(self) -> None:
        self.loop, self.control = StillLoop(), Control()
        self.gateway = Gateway(1, self.loop, None, Capacity(20_000), lambda below: 7 % below)  # type: ignore[arg-type]
        here, there = pair(self.loop.soon)
        Gateways(settings(), self.control).adopt(here)
        self.gateway.connect(there)
        self.loop.run()
        self._last = 0

    def connection(self, messages: Sequence[bytes]) -> Peer:
        """One that says this and goes."""
        self._last += 1
        peer: Any = Peer(self._last)
        session = Session(peer, self.loop.monotonic())
        session.tls = peer
        self.gateway.edge.by_fd[self._last] = session
        self.gateway.edge.established(session, [])
        for message in messages:
            if session.stage != CLOSED:
                self.gateway.edge._deliver(session, [message])
                self.loop.run()
        self.gateway.edge.doom(session, "closed")
        self.loop.run()
        return peer  # type: ignore[no-any-return]

    def nothing_is_left(self) -> None:
        gateway = self.gateway
        assert gateway.figures.sessions_closed["error"] == 0, "a defect of ours, caught at the last moment"
        assert (gateway.edge.by_fd, gateway._sessions, gateway._hosts, gateway._startup_bytes) == ({}, {}, {}, 0)


def good_startup(**more: Any) -> bytes:
    pool = PoolInfo(uuid="u", capacity_bytes=5)
    host = StartupCommand(type="Routing", guid="guid-1", name="kvm-1", **more)
    payload = startup_payload(host, StartupCommand(type="Storage", pool_info=pool)) if more else startup_payload(host)
    return Header(1, 0, len(payload), -1, -1, -1).encode() + payload


def fuzz(cases: int, seed: int) -> Control:
    """Returns who read what came through."""
    dice, fuzzed = random.Random(seed), Fuzzed()
    good = [*good_messages(), good_startup(), good_startup(cpus=4, memory=1 << 34, host_details={"Host.OS": "Ubuntu"})]
    for _ in range(cases):
        first = [good_startup()] if dice.random() < 0.4 else []
        fuzzed.connection([*first, *(damaged(dice, dice.choice(good)) for _ in range(dice.choice((1, 1, 2, 3))))])
    fuzzed.nothing_is_left()
    answered = fuzzed.connection([good_startup()])
    (answer,) = decode_payload(decode_frame(answered.heard[0]).payload)
    assert answer.name == "StartupAnswer"
    return fuzzed.control


async def test_damaged_first_frames() -> None:
    control = fuzz(2000, seed=1)
    assert control.startups > 700
    assert control.unreadable > 5
    assert control.requests > 20


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
async def test_a_million_damaged_first_frames(seed: int) -> None:
    assert fuzz(100_000, seed=300 + seed).startups > 35_000
