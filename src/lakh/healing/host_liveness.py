"""Which hosts are still alive (agent-protocol 3.8, 4.9).

A host whose agent said goodbye is Disconnected. Of any other that is away or silent nothing is known at first: its
status stays, it takes no new instances, and it is investigated: asked itself while its link stands, else its neighbours
are. One of them may say that it still writes to shared storage: then it lives, and only its agent is away. Or that it
does not: then it is Down, and its instances are stopped. When nobody knows, it waits `alert.wait` and is in Alert.

A whole fleet that loses its links is one event, not one per host; and hosts whose neighbours are away too are left
alone, so that a broken network moves no status.

After a start every host is away. Agents that found no server retry in their own time, and a whole fleet needs minutes,
so nobody is asked about before a ping timeout has passed: a restart is no news about any host.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import ClassVar, Final

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.absence import PING_TIMEOUT, RESTART, SHUTDOWN, Absence, Absences
from lakh.resources.host.emptying import stop_lost
from lakh.resources.host.index import ROUTING, HostFact, HostIndex
from lakh.resources.host.leave import named, set_statuses, tell
from lakh.resources.storage_pool.connect import reaches
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.vm.row import VmRow
from lakh.wire.commands import liveness
from lakh.wire.message import Message
from lakh.wire.objects import machine

log = logger(__name__)

UNTOLD: Final = "not connected"
"""Nobody told of its loss: it was away before this server started."""
NO_SIGN_OF_LIFE: Final = "a neighbour found no sign of life on shared storage"
LIVING: Final = frozenset({"Up", "Connecting"})
"""Statuses that a host loses by being away."""
UNREMARKABLE_SECONDS: Final = 15.0
"""An agent that lost its link needs so long to come back (agent-protocol 3.9): no event tells of it."""
GATHERING_SECONDS: Final = 45.0
"""So long after its first host went the event of a mass loss is written at the latest."""
_HEARTBEAT_POOLS: Final = frozenset({"NetworkFilesystem", "SharedMountPoint", "RBD"})
"""Pools on which hosts leave signs of life that their neighbours read."""


class HostLiveness(Reconciler):
    """Its memory is `Absences`."""

    name: ClassVar[str] = "host liveness"
    settle_seconds: ClassVar[float] = 0.5
    """What happens to many agents at once is one event: so long it waits for the rest of them."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._reconsidered = 0.0  # when hosts in Alert were asked about last, and up to which
        self._after = 0

    def interval_seconds(self, cloud: Cloud) -> float:
        return float(max(cloud.part(Settings).integer("ping.interval"), 1))

    async def run(self, cloud: Cloud) -> None:
        index, absences = cloud.part(HostIndex), cloud.part(Absences)
        if self._began is None:
            self._began = cloud.clock.monotonic()
        await index.load()
        if any(cloud.clock.monotonic() - a.since < self.settle_seconds for a in absences.of.values()):
            await cloud.clock.sleep(self.settle_seconds)
        _look(cloud, self._began)
        away = {i: a for i, a in absences.of.items() if i in index.facts and index.facts[i].status in LIVING}
        stopped = [i for i, a in away.items() if a.reason == SHUTDOWN]
        await set_statuses(cloud, stopped, "Disconnected", "the agent was stopped", alarm=False)
        absences.heard(stopped)
        idle = [i for i, a in away.items() if a.reason == PING_TIMEOUT and _out_of_service(index.facts[i])]
        await _part_with(cloud, idle, "Disconnected", "it sent no pings while out of service", alarm=False)
        await _part_with_system_vms(cloud, away)
        rest = {i: a for i, a in away.items() if i in absences.of}
        await _tell_losses(cloud, rest)
        await _investigate(cloud, rest)
        await _give_up(cloud, {i: a for i, a in rest.items() if i in absences.of})
        await self._reconsider(cloud)
        await _stop_what_died(cloud)

    async def _reconsider(self, cloud: Cloud) -> None:
        """Hosts in Alert are asked about again, a few in each ping interval: nobody may have been there to tell when
        they were given up, and jobs wait for those whose death is not certain."""
        facts, now = cloud.part(HostIndex).facts, cloud.clock.monotonic()
        if now - self._reconsidered < self.interval_seconds(cloud):
            return
        self._reconsidered = now
        given_up = sorted(i for i, fact in facts.items() if _is_given_up(cloud, fact))
        ahead = [i for i in given_up if i > self._after] or given_up
        asked = ahead[: limits.HOST_INVESTIGATIONS]
        self._after = asked[-1] if asked else 0
        neighbours, places = _neighbours(cloud), asyncio.Semaphore(limits.HOST_INVESTIGATIONS)
        verdicts = await asyncio.gather(*(_verdict(cloud, i, Absence("", now), neighbours, places) for i in asked))
        dead = [i for i, alive in zip(asked, verdicts, strict=True) if alive is False]
        still = [i for i in dead if i in facts and _is_given_up(cloud, facts[i])]
        await _part_with(cloud, still, "Down", NO_SIGN_OF_LIFE, alarm=True)


def _is_given_up(cloud: Cloud, fact: HostFact) -> bool:
    connected = fact.connected or cloud.hosts.is_connected(fact.id)
    return fact.status == "Alert" and fact.type == ROUTING and not connected


def _look(cloud: Cloud, began: float) -> None:
    """Forgets hosts that are there again or gone for good, and notes those that have not come since we `began`."""
    index, absences = cloud.part(HostIndex), cloud.part(Absences)
    for host_id, absence in list(absences.of.items()):
        fact = index.facts.get(host_id)
        if fact is None or (fact.connected and absence.reason != PING_TIMEOUT) or fact.status not in LIVING:
            absences.heard((host_id,))
    settings = cloud.part(Settings)
    grace = settings.integer("ping.interval") * settings.number("ping.timeout")
    if cloud.clock.monotonic() - began < grace:
        return
    absences.note(
        (
            host_id
            for host_id in index.census.away
            if index.facts[host_id].status in LIVING and not cloud.hosts.is_connected(host_id)
        ),
        UNTOLD,
        since=began,
    )


def _out_of_service(fact: HostFact) -> bool:
    return fact.resource_state in ("Disabled", "Maintenance")


async def _tell_losses(cloud: Cloud, away: dict[int, Absence]) -> None:
    """One event for all hosts that went away lately: it waits until no more of them go, within a bound."""
    facts = cloud.part(HostIndex).facts
    now = cloud.clock.monotonic()
    lost = [i for i, a in away.items() if not a.told and now - a.since >= UNREMARKABLE_SECONDS]
    ages = [now - a.since for a in away.values() if not a.told]
    if lost and (min(ages) >= UNREMARKABLE_SECONDS or max(ages) >= GATHERING_SECONDS):
        for host_id in lost:
            away[host_id].told = True
        text = f"{named([facts[i] for i in lost])} lost contact; waiting for it before anything is decided"
        await cloud.store.submit(tell(cloud, [facts[i] for i in lost], text))


# --- asking ----------------------------------------------------------------------------------------------------------
async def _investigate(cloud: Cloud, away: dict[int, Absence]) -> None:
    """Asks about every host that has been away for a ping interval, at most once in such a time."""
    now, patience = cloud.clock.monotonic(), cloud.part(Settings).number("ping.interval")
    due = [
        host_id
        for host_id, absence in away.items()
        if now - absence.since >= (0 if absence.reason == PING_TIMEOUT else patience)
        and (absence.asked is None or now - absence.asked >= patience)
    ]
    neighbours = _neighbours(cloud)
    places = asyncio.Semaphore(limits.HOST_INVESTIGATIONS)
    verdicts = await asyncio.gather(*(_verdict(cloud, i, away[i], neighbours, places) for i in due))
    down = [host_id for host_id, alive in zip(due, verdicts, strict=True) if alive is False]
    await _bury(cloud, down)


def _neighbours(cloud: Cloud) -> dict[int, list[int]]:
    """Hosts that may be asked, by cluster."""
    absences = cloud.part(Absences)
    found: dict[int, list[int]] = defaultdict(list)
    for fact in cloud.part(HostIndex).facts.values():
        if fact.connected and fact.status == "Up" and fact.type == ROUTING and fact.id not in absences.of:
            found[fact.cluster_id or 0].append(fact.id)
    return found


async def _verdict(
    cloud: Cloud, host_id: int, absence: Absence, neighbours: dict[int, list[int]], places: asyncio.Semaphore
) -> bool | None:
    """True: alive. False: dead. None: nobody knows. A silent host that answers is forgotten as an absence."""
    absence.asked = cloud.clock.monotonic()
    async with places:
        if cloud.hosts.is_connected(host_id):
            answer = await _ask(cloud, host_id, liveness.check_health())
            if answer is not None and answer.result:
                absence.since = cloud.clock.monotonic()
                return True
        fact = cloud.part(HostIndex).facts.get(host_id)
        if fact is None:
            return None
        order = [name.strip() for name in cloud.part(Settings).text("ha.investigators.order").split(",")]
        left_out = cloud.part(Settings).text("ha.investigators.exclude")
        asked = neighbours.get(fact.cluster_id or 0, [])[: limits.HOST_WITNESSES]
        for investigator in order:
            if investigator in left_out:
                continue
            if investigator == "KVMInvestigator" and await _has_heartbeat(cloud, fact):
                alive = await _ask_neighbours(cloud, fact, asked)
                if alive is not None:
                    return alive
            elif investigator == "PingInvestigator" and await _answers_ping(cloud, fact, asked):
                return True
    return None


async def _has_heartbeat(cloud: Cloud, fact: HostFact) -> bool:
    """True when the host uses a pool on which its neighbours see signs of its life."""
    return any(
        pool.type in _HEARTBEAT_POOLS and pool.status == "Up" and reaches(pool, fact.zone_id, fact.cluster_id)
        for pool in await cloud.snapshots.of(StoragePoolRow)
    )


async def _ask_neighbours(cloud: Cloud, fact: HostFact, asked: Iterable[int]) -> bool | None:
    """What the first neighbour that can tell says of the host."""
    described = machine.host(guid=fact.guid, private=machine.network(ip=fact.private_ip))
    for neighbour in asked:
        answer = await _ask(cloud, neighbour, liveness.check_on_host(described))
        if answer is not None and answer.result:
            alive = bool(answer.body.get("alive"))
            log.info("neighbour tells", host=fact.name, neighbour=neighbour, alive=alive)
            return alive
    return None


async def _answers_ping(cloud: Cloud, fact: HostFact, asked: Iterable[int]) -> bool:
    """True when a neighbour can ping the host's address. That none can proves nothing."""
    for neighbour in asked:
        answer = await _ask(cloud, neighbour, liveness.ping_host(fact.private_ip))
        if answer is not None and answer.result:
            return True
    return False


async def _ask(cloud: Cloud, host_id: int, command: Message) -> Message | None:
    """One answer, or None from a host that gives none in time."""
    try:
        return (await cloud.hosts.call(host_id, [command], timeout_seconds=limits.HOST_INVESTIGATION_SECONDS))[0]
    except HostUnreachableError:
        return None


# --- deciding --------------------------------------------------------------------------------------------------------
async def _part_with(cloud: Cloud, host_ids: list[int], status: str, why: str, *, alarm: bool) -> None:
    """Stores the status and ends what is left of their sessions: they come back by connecting anew."""
    index = cloud.part(HostIndex)
    await set_statuses(cloud, host_ids, status, why, alarm=alarm)
    for host_id in host_ids:
        index.set_connected(host_id, False)
        cloud.hosts.drop(host_id)
    cloud.part(Absences).heard(host_ids)


async def _part_with_system_vms(cloud: Cloud, away: dict[int, Absence]) -> None:
    """Nobody investigates system VMs: silent ones are Disconnected, others Alert until they are back (addendum 3.4).

    Those that lost a gateway to an orderly restart have as long to come back as those of a gateway that died.
    """
    index, absences = cloud.part(HostIndex), cloud.part(Absences)
    system = [i for i in away if i in absences.of and index.facts[i].type != ROUTING]
    silent = [i for i in system if away[i].reason == PING_TIMEOUT]
    await _part_with(cloud, silent, "Disconnected", "its agent no longer pings", alarm=False)
    gone = [i for i in system if away[i].reason not in (PING_TIMEOUT, UNTOLD) and not index.facts[i].connected]
    since = cloud.clock.monotonic() - limits.GATEWAY_LOST_SECONDS
    lost = [i for i in gone if away[i].reason != RESTART or away[i].since <= since]
    await set_statuses(cloud, lost, "Alert", "the connection with its agent was lost", alarm=False)
    absences.heard(lost)


async def _bury(cloud: Cloud, down: list[int]) -> None:
    """Hosts that are dead: Down. One that came back meanwhile lives."""
    index, absences = cloud.part(HostIndex), cloud.part(Absences)
    still = [i for i in down if i in index.facts and i in absences.of and index.facts[i].status in LIVING]
    await _part_with(cloud, still, "Down", NO_SIGN_OF_LIFE, alarm=True)


async def _give_up(cloud: Cloud, away: dict[int, Absence]) -> None:
    """Hosts of which nothing was heard for alert.wait: Alert. Their instances may still run, so they stay."""
    wait = cloud.part(Settings).number("alert.wait")
    now = cloud.clock.monotonic()
    overdue = [host_id for host_id, absence in away.items() if now - absence.since >= wait]
    await _part_with(cloud, overdue, "Alert", f"nothing was heard of it for {wait:g} seconds", alarm=True)


async def _stop_what_died(cloud: Cloud) -> None:
    """Instances of hosts that are Down, once a neighbour vouches for each that it cannot run there any more."""
    neighbours = _neighbours(cloud)
    for fact in [f for f in cloud.part(HostIndex).down() if f.type == ROUTING]:
        asked = neighbours.get(fact.cluster_id or 0, [])[: limits.HOST_WITNESSES]
        if asked:
            await stop_lost(
                cloud, fact.id, f"its host {fact.name} is Down", fenced=partial(_fenced, cloud, fact, asked)
            )


async def _fenced(cloud: Cloud, fact: HostFact, asked: list[int], vm: VmRow) -> bool:
    """True when a neighbour says that starting the instance elsewhere is safe."""
    described = machine.host(guid=fact.guid, private=machine.network(ip=fact.private_ip))
    command = liveness.fence(vm.instance_name, host=described, host_guid=fact.guid, host_ip=fact.private_ip)
    for neighbour in asked:
        answer = await _ask(cloud, neighbour, command)
        if answer is not None and answer.result:
            return True
    log.warning("instance not fenced", vm=vm.instance_name, host=fact.name)
    return False
