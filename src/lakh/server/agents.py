"""Agents' own doings, turned into what resources do about them.

Of several control processes the one that leads does that; the others only follow which hosts are there.

One task per agent that connects: so many at once, and only a few started in a turn of the event loop. A whole fleet
that comes back says Startup in bursts of hundreds; taken as they come, each burst would stand before the API's next
answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.gateways import Gateways, Request, StartingAgent
from lakh.bus.messages import NO_CERTIFICATE, PowerReport, RulesetReport
from lakh.jobs.cloud import Cloud
from lakh.resources.certificate.known import HostCertificates
from lakh.resources.host.absence import PING_TIMEOUT, SHUTDOWN, Absences
from lakh.resources.host.arrive import arrive
from lakh.resources.host.index import HostIndex
from lakh.resources.host.leave import tell_gateway_lost
from lakh.resources.vm.console import answer_console
from lakh.resources.vm.power_report import PowerReports, take_report
from lakh.wire.errors import ProtocolError
from lakh.wire.message import API, Message

log = logger(__name__)


@dataclass(slots=True)
class Figures:
    """Counters since the start, and how many agents are where now."""

    up: int = 0
    refused: int = 0
    seconds: float = 0.0
    waiting: int = 0
    at_work: int = 0
    power_reports: int = 0


class Agents:
    """Implements bus.gateways.AgentEvents for one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrivals: deque[StartingAgent] = deque()
        self._admitting = False
        self.gateways: Gateways | None = None
        self.figures = Figures()
        self.on_absence: Callable[[], None] = lambda: None
        """Called when hosts went away or fell silent."""

    def on_startup(self, agent: StartingAgent) -> None:
        self._arrivals.append(agent)
        self.figures.waiting = len(self._arrivals)
        self._admit_soon()

    def _admit_soon(self) -> None:
        if not self._admitting:
            self._admitting = True
            asyncio.get_running_loop().call_soon(self._admit)

    def _admit(self) -> None:
        """Starts a few arrivals, and comes back for the others in the loop's next turn."""
        self._admitting = False
        for _ in range(limits.ARRIVALS_A_TURN):
            if not self._arrivals or self.figures.at_work >= limits.HOSTS_CONNECTING:
                return
            agent = self._arrivals.popleft()
            self.figures.waiting = len(self._arrivals)
            self.figures.at_work += 1
            self._spawn(self._arrive(agent))
        if self._arrivals:
            self._admit_soon()

    async def _arrive(self, agent: StartingAgent) -> None:
        figures, began = self.figures, self._cloud.clock.monotonic()
        try:
            host_id = await self._bring_up(agent)
        except ProtocolError as error:
            log.warning("startup unreadable", peer=agent.peer, error=str(error))
            agent.drop()
            return
        except Exception:  # such as a store that is away: without a verdict the agent would wait for one
            agent.drop()
            raise
        finally:
            figures.at_work -= 1
            figures.seconds += self._cloud.clock.monotonic() - began
            if self._arrivals:
                self._admit_soon()
        if host_id is None:
            figures.refused += 1
            return
        figures.up += 1
        if self.gateways is not None:
            self.gateways.host_is_up(host_id)

    async def _bring_up(self, agent: StartingAgent) -> int | None:
        """The host's id once it is Up. Where certificates are asked for, its own is looked at before and noted after.

        Raises ProtocolError for a Startup that cannot be read.
        """
        startup = agent.startup()
        serial, expires_ms = agent.certificate
        if not serial:
            return await arrive(self._cloud, agent, startup)
        certificates = self._cloud.part(HostCertificates)
        why = certificates.objection(startup.agent.guid, serial)
        if why:
            log.info("agent dropped", guid=startup.agent.guid, peer=agent.peer, reason=why)
            agent.drop()  # without a word: a Java agent would exit at a refusal, and must come back once it has one
            return None
        host_id = await arrive(self._cloud, agent, startup)
        if host_id is not None and serial != NO_CERTIFICATE:
            certificates.shown(self._cloud.part(HostIndex).facts[host_id], serial, expires_ms)
        return host_id

    def on_gone(self, host_ids: Sequence[int], reason: str) -> None:
        if not self._cloud.leads:
            self._away(host_ids)
            return
        if reason == SHUTDOWN:
            restarting = self._cloud.part(HostCertificates).restarting(host_ids)
            if restarting:
                self._gone(restarting, "certificate")  # they are back in a moment: nobody stopped them
                host_ids = [host_id for host_id in host_ids if host_id not in restarting]
        if host_ids:
            self._gone(host_ids, reason)

    def _gone(self, host_ids: Sequence[int], reason: str) -> None:
        self._away(host_ids)
        for host_id in host_ids:
            self._cloud.part(PowerReports).forget(host_id)
        log.info("hosts away", count=len(host_ids), reason=reason)
        self._cloud.part(Absences).note(host_ids, reason)
        self.on_absence()

    def _away(self, host_ids: Sequence[int]) -> None:
        index = self._cloud.part(HostIndex)
        for host_id in host_ids:
            index.set_connected(host_id, False)

    def on_gateway_lost(self, gateway: int, host_ids: Sequence[int]) -> None:
        self._away(host_ids)
        if self._cloud.leads:
            self._spawn(tell_gateway_lost(self._cloud, gateway, host_ids))

    def on_adopted(self, gateway: int, host_ids: Sequence[int]) -> None:
        index = self._cloud.part(HostIndex)
        for host_id in host_ids:
            index.set_connected(host_id, True)

    def on_power_report(self, report: PowerReport) -> None:
        self.figures.power_reports += 1
        self._spawn(take_report(self._cloud, report.host_id, report.states, out_of_band=report.out_of_band))

    def on_ruleset_report(self, report: RulesetReport) -> None:
        """Security group rules are compared by their own reconciler."""

    def on_ping_behind(self, host_ids: Sequence[int]) -> None:
        self._cloud.part(Absences).note(host_ids, PING_TIMEOUT)
        self.on_absence()

    def on_ping_seen(self, host_ids: Sequence[int]) -> None:
        self._cloud.part(Absences).heard(host_ids)

    def on_pinged(self, host_ids: Sequence[int]) -> None:
        self._cloud.part(HostIndex).heard(host_ids, self._cloud.now_ms())

    def on_agent_request(self, request: Request) -> None:
        self._spawn(self._answer(request))

    async def _answer(self, request: Request) -> None:
        """What an agent asks or tells by itself; what nobody knows is acknowledged."""
        try:
            commands = request.commands()
        except ProtocolError:
            return
        body = {"result": True, "contextMap": {}, "wait": 0}
        request.answer(
            [await answer_console(self._cloud, c) or Message(API + "AgentControlAnswer", dict(body)) for c in commands]
        )

    async def idle(self) -> None:
        """Waits until nothing that agents did is being dealt with."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as error:
            log.error("agent event failed", exc_info=error)
