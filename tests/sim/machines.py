"""A simulated host: the product's own agent session over its hypervisor in memory, and what may befall it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Protocol

from tests.sim.wires import GatewayProcess, Link

from lakh.agent.behaviour import Behaviour, Outcome, Reconnection
from lakh.agent.host import Agent, Host
from lakh.agent.session import Session
from lakh.wire.frame import decode_frame
from lakh.wire.header import REQUEST, decode_header

OFTEN_REFUSED = frozenset(
    {"StartCommand", "MigrateCommand", "PrepareForMigrationCommand", "CopyCommand", "AttachCommand"}
)
OUT_OF_REACH_SECONDS = 20.0
"""How long a server that does not answer keeps an agent waiting."""


class Mood(Behaviour):
    """How the agents of a fleet behave: calm ones are quick and right. Shares of commands that go wrong otherwise.

    Slow is an answer, not the deed: a command that is done long after everybody gave it up (an agent does not stop work
    because its link broke) leaves what no server can know of.
    """

    def __init__(self, *, slow: float = 0.04, lost: float = 0.01, refused: float = 0.03, doubled: float = 0.05) -> None:
        super().__init__(reconnection=Reconnection(5.0, 5.0, 1.0), ping_jitter=0.05)
        self.slow, self.lost, self.refused, self.doubled = slow, lost, refused, doubled
        self.calm = False

    def outcome(self, name: str, random: Random) -> Outcome:
        seconds = random.uniform(0.001, 0.3)
        if self.calm:
            return Outcome(delay_seconds=seconds)
        refused = name in OFTEN_REFUSED and random.random() < self.refused
        lost = random.random() < self.lost
        return Outcome(delay_seconds=seconds, failure="the host does not feel like it" if refused else "", lost=lost)


class Ground(Protocol):
    """What a machine stands on."""

    random: Random

    def note(self, *what: object) -> None: ...
    def gateway(self) -> GatewayProcess | None:
        """One that takes agents now."""
        ...


class Machine:
    """An agent with its links; a KVM host, or what runs in a system VM."""

    def __init__(self, name: str, agent: Agent, mood: Mood, ground: Ground) -> None:
        self.name = name
        self.agent = agent
        self.mood = mood
        self.session = Session(agent, self, mood)
        self.unreachable = False
        self.powered = True
        self._ground = ground
        self._loop = asyncio.get_running_loop()
        self._link: Link | None = None
        self._dialling = 0
        self._held: list[bytes] = []  # what came while it hung

    @property
    def host(self) -> Host:
        assert isinstance(self.agent, Host)
        return self.agent

    @property
    def connected(self) -> bool:
        return self._link is not None

    # --- the session's edge ------------------------------------------------------------------------------------------
    def send(self, message: bytes) -> None:
        if self._link is None:
            return
        if self.mood.calm or decode_header(message).flags & REQUEST:
            self._link.say(message)
            return
        random = self._ground.random
        slow = random.random() < self.mood.slow
        for _ in range(2 if random.random() < self.mood.doubled else 1):
            self._loop.call_later(random.uniform(1.0, 40.0) if slow else 0.0, self._say, self._link, message)

    def _say(self, link: Link, message: bytes) -> None:
        if link is self._link:
            link.say(message)

    def close(self) -> None:
        link, self._link = self._link, None
        self._held.clear()
        if link is not None:
            link.leave()

    def connect(self, after_seconds: float) -> None:
        self._dialling += 1
        self._loop.call_later(after_seconds, self._dial, self._dialling)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self._loop.call_later(seconds, call)

    def probe_preferred(self, reachable: Callable[[], None]) -> None:
        """There is one server."""

    def rejected(self, text: str) -> None:
        self._ground.note("rejected", self.name, text)

    def answered(self, name: str, seconds: float, result: bool) -> None:
        self._ground.note("did", self.name, name, result)

    def pinged(self) -> None:
        """Nothing to count."""

    def ping_answered(self, seconds: float) -> None:
        """Nothing to count."""

    # --- the link's peer ---------------------------------------------------------------------------------------------
    def hear(self, link: Link, message: bytes) -> None:
        if link is not self._link:
            return
        if self.session.frozen:
            self._held.append(message)
        else:
            self.session.received(decode_frame(message))

    def lost(self, link: Link) -> None:
        if link is self._link:
            self._link = None
            self._held.clear()
            self.session.lost()

    def _dial(self, dialling: int) -> None:
        if dialling != self._dialling or self.session.stopped or self._link is not None:
            return
        if self.session.frozen:
            self._loop.call_later(1.0, self._dial, dialling)
            return
        gateway = None if self.unreachable else self._ground.gateway()
        if gateway is None:
            self._loop.call_later(OUT_OF_REACH_SECONDS if self.unreachable else 0.01, self._fail, dialling)
        else:
            self._loop.call_later(self._ground.random.uniform(0.01, 0.2), self._arrive, gateway, dialling)

    def _arrive(self, gateway: GatewayProcess, dialling: int) -> None:
        if dialling != self._dialling or self.session.stopped or self._link is not None:
            return
        if not gateway.alive or self.unreachable:
            self.session.failed()
            return
        self._link = gateway.accept(self, self.agent.own_address)
        self.session.connected()

    def _fail(self, dialling: int) -> None:
        if dialling == self._dialling and not self.session.stopped:
            self.session.failed()

    # --- what may befall it ------------------------------------------------------------------------------------------
    def cut(self) -> None:
        """Its link breaks; it comes back by itself."""
        if self._link is not None:
            self._link.cut()

    def freeze(self) -> None:
        """It hangs: nothing is answered, no ping goes out, and the link stands."""
        self.session.frozen = True

    def heal(self) -> None:
        """Ends a freeze: what came meanwhile is heard now."""
        self.session.heal()
        held, self._held = self._held, []
        for message in held:
            if self._link is not None:
                self.session.received(decode_frame(message))

    def isolate(self) -> None:
        """The network to the servers is gone; storage is not."""
        self.unreachable = True
        self.cut()

    def restart_agent(self, after_seconds: float) -> None:
        """The agent's process ends and is started again; domains run on."""
        self.session.die()
        self.session.revive(after_seconds)

    def stop_agent(self) -> None:
        """An operator stops the agent: it says good-bye."""
        self.session.leave()
        self._dialling += 1
        link, self._link = self._link, None
        if link is not None:
            link.leave()

    def lose_power(self) -> list[str]:
        """All domains are gone. Returns their names."""
        self.powered = False
        self.session.die()
        self.session.frozen = False
        return self.host.hypervisor.lose_power()  # type: ignore[attr-defined, no-any-return]

    def regain_power(self) -> None:
        self.powered = True
        self.host.hypervisor.regain_power()  # type: ignore[attr-defined]
        self.session.revive(0.0)
