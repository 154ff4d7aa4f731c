"""One process's agents: builds them, connects them, and lets things happen to them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from uuid import UUID

from lakh.agent import verbs
from lakh.agent.fake import FakeHypervisor
from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.host import Agent, Host, SystemVm
from lakh.agent.hypervisor import DomainSpec
from lakh.agent.images import ImageStores
from lakh.agent.router import Routers
from lakh.base.clock import SystemClock
from lakh.base.ids import UuidFactory
from lakh.fleet.behaviour import Event, load_behaviour
from lakh.fleet.credentials import Credentials, OwnAuthority
from lakh.fleet.dialler import Dialler
from lakh.fleet.diary import DiaryHost, FileDiary
from lakh.fleet.identity import Identities, Sources
from lakh.fleet.member import Address, Member
from lakh.fleet.options import Options
from lakh.fleet.statistics import Statistics
from lakh.fleet.systemvms import SystemVms
from lakh.fleet.timers import Timers
from lakh.wire.tls import TlsLink

RACK = 40
"""Hosts that share power and a switch."""
NONSENSE = b"\x00\x00\x00\x20this is not a TLS record at all."


class Fleet:
    """The agents of one process. Make it within a running loop, then `start`."""

    def __init__(self, options: Options) -> None:
        verbs.load()
        self.options = options
        self.statistics = Statistics()
        self.timers = Timers(asyncio.get_running_loop())
        self.behaviour = load_behaviour(options.behaviour)
        self.identities = Identities(
            options.entries,
            seed=options.seed,
            network=options.network,
            prefix=options.prefix,
            cpus=options.cpus,
            speed_mhz=options.speed_mhz,
            memory_bytes=options.memory_bytes,
        )
        shared, lasting = options.shared, options.state or options.shared
        self.storage = SharedStorage(options.pool_bytes, lasting / "volumes" if lasting else None)
        self.addresses = SharedAddresses(shared)
        self._addresses_of: dict[str, SharedAddresses] = {}
        self.images = ImageStores(options.seed_images, journal=lasting / "images" if lasting else None)
        self._diary = FileDiary(options.state, options.first, options.last) if options.state else None
        self.routers = Routers()
        self.clock = SystemClock()
        self.random = Random(options.seed * 1_000_003 + options.first)
        self.uuids = UuidFactory(self.clock, self.random)
        self.system_vms = SystemVms(self, self.behaviour.boot_seconds)
        self.servers = options.servers
        self.members: list[Member] = []
        self._credentials = Credentials()
        self._sources = Sources(options.servers[0])
        self._authority: OwnAuthority | None = None
        if options.authority is not None:
            part = f"{options.first}-{options.last}"
            self._authority = OwnAuthority(options.authority, options.keystores, part)
        self._dialler = Dialler(self.statistics, options.servers, options.handshakes)
        self._dead: dict[int, bool] = {}
        self._next_cluster = 0
        self._next_number = self.identities.total
        self._stopping = False

    # --- life --------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Makes the agents and begins to connect them; returns when all have been told to."""
        size = self.options.batch_size or 500
        if self._diary is not None:
            self._recall(self._diary)
        for start in range(self.options.first, self.options.last + 1, size):
            stop = min(start + size, self.options.last + 1)
            if self._diary is None:
                self.members += [self._new_member(number) for number in range(start, stop)]
            for member in self.members[start - self.options.first : stop - self.options.first]:
                member.connect(0.0)
            if self._stopping:
                return
            pause = self.options.batch_wait_seconds if self.options.batch_size else 0.0
            await asyncio.sleep(pause if stop <= self.options.last else 0.0)
        if self._authority is not None:
            self._authority.keep()
        for event in self.behaviour.events:
            self._repeat(event)

    def _recall(self, diary: FileDiary) -> None:
        """Hosts have what they had when the fleet ended, before any of them tells a server what it runs."""
        self.members = [self._new_member(number) for number in range(self.options.first, self.options.last + 1)]
        hosts = {member.number: member.agent for member in self.members if isinstance(member.agent, DiaryHost)}
        lost = diary.recall(hosts)
        if lost:
            sys.stderr.write(f"lakh fleet: {len(lost)} VMs are lost, as their volumes are: {', '.join(lost[:5])}\n")

    async def stop(self) -> None:
        """Every agent says good-bye; links are closed."""
        self._stopping = True
        self._dialler.stop()
        for count, member in enumerate(self.all_members()):
            member.session.leave()
            if count % 500 == 499:
                await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        for member in self.all_members():
            member.close()
        if self._diary is not None:
            self._diary.close()

    def all_members(self) -> list[Member]:
        """Hosts, then system VMs."""
        return [*self.members, *self.system_vms.members.values()]

    def hosts(self) -> Iterable[tuple[Member, Host, FakeHypervisor]]:
        for member in self.members:
            host = member.agent
            assert isinstance(host, Host)
            hypervisor = host.hypervisor
            assert isinstance(hypervisor, FakeHypervisor)
            yield member, host, hypervisor

    def is_dead(self, member: Member) -> bool:
        return member.number in self._dead

    def _new_member(self, number: int) -> Member:
        facts, zone = self.identities.facts(number), self.identities.place(number).zone
        if (addresses := self._addresses_of.get(zone)) is None:
            addresses = self._addresses_of[zone] = self.addresses.within(zone)
        hypervisor = FakeHypervisor(facts, number, self.storage, self.clock, addresses, self.system_vms, self._diary)
        for guest in range(self.options.guests):
            name, uuid = f"guest-{number}-{guest}", str(UUID(int=number << 32 | guest))
            hypervisor.start(DomainSpec(name, uuid, 0, "User", 1, 1000, 512 << 20, 512 << 20, (), ()))
        kind = Host if self._diary is None else DiaryHost
        host = kind(
            self.identities.guid(number),
            self.identities.place(number),
            hypervisor,
            self.routers,
            self.images,
            self.clock,
            self.random,
            self.uuids,
        )
        if isinstance(host, DiaryHost) and self._diary is not None:
            host.diary, host.number = self._diary, number
        self._equip(host, number)
        return Member(number, host, self.behaviour.agent, self)

    # --- Surroundings ------------------------------------------------------------------------------------------------
    def dial(self, member: Member) -> None:
        if not self._stopping:
            self._dialler.ask(member)

    def probe(self, server: Address, reachable: Callable[[], None]) -> None:
        if not self._stopping:
            self._dialler.probe(server, reachable)

    def tls_link(self, agent: Agent) -> TlsLink:
        return self._credentials.link(agent)

    def _equip(self, agent: Agent, number: int) -> None:
        agent.dials_from = self._sources.of(number)
        if self._authority is not None:
            self._authority.equip(agent)

    # --- Nursery -----------------------------------------------------------------------------------------------------
    def new_system_vm(self, kind: str, name: str, boot: dict[str, str]) -> SystemVm:
        agent = SystemVm(kind, name, boot, self.images, self.clock, self.random, self.uuids)
        agent.download_seconds = self.behaviour.agent.download_seconds
        return agent

    def adopt(self, agent: SystemVm, servers: tuple[Address, ...]) -> Member:
        self._next_number += 1
        number = self._next_number + self.options.first * 16
        self._equip(agent, number)
        return Member(number, agent, self.behaviour.agent, self, servers)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.timers.later(seconds, call)

    def holds(self, number: int) -> bool:
        return self.options.first <= number <= self.options.last

    # --- mischief ----------------------------------------------------------------------------------------------------
    def choose(self, percent: float) -> list[Member]:
        """A random share of the hosts, at least one where percent is above zero."""
        count = min(len(self.members), max(1, round(len(self.members) * percent / 100))) if percent > 0 else 0
        return self.random.sample(self.members, count)

    def named(self, names: Iterable[str]) -> list[Member]:
        wanted = set(names)
        return [member for member in self.all_members() if member.agent.own_name in wanted]

    def of_cluster(self, cluster: str) -> list[Member]:
        return [member for member, host, _ in self.hosts() if host.place.cluster == cluster]

    def of_rack(self, rack: int) -> list[Member]:
        """Hosts whose numbers are in a row, RACK of them, wherever their clusters are; racks count from 1."""
        return [member for member in self.members if (member.number - 1) // RACK == rack - 1]

    def disconnect(self, members: Iterable[Member]) -> int:
        chosen = [member for member in members if member.connected]
        for member in chosen:
            member.cut()
        return len(chosen)

    def corrupt(self, members: Iterable[Member]) -> int:
        chosen = [member for member in members if member.connected]
        for member in chosen:
            member.write_raw(NONSENSE)
        return len(chosen)

    def freeze(self, members: Iterable[Member], seconds: float = 0.0) -> int:
        chosen = [member for member in members if not member.session.frozen]
        for member in chosen:
            member.freeze()
            if seconds > 0:
                self.later(seconds, member.heal)
        return len(chosen)

    def kill(self, members: Iterable[Member], seconds: float = 0.0) -> int:
        """Hosts lose power: their VMs are gone, and they come back after `seconds`, or never."""
        count = 0
        for member in members:
            host = member.agent
            if not isinstance(host, Host) or self.is_dead(member):
                continue
            hypervisor = host.hypervisor
            assert isinstance(hypervisor, FakeHypervisor)
            member.session.die()
            for name in hypervisor.lose_power():
                self.routers.drop(name)
            host.rulesets = None
            self._dead[member.number] = True
            count += 1
            if seconds > 0:
                self.later(seconds, partial(self._come_back, member))
        return count

    def revive(self, members: Iterable[Member]) -> int:
        count = 0
        for member in members:
            if self._dead.pop(member.number, False):
                assert isinstance(member.agent, Host)
                hypervisor = member.agent.hypervisor
                assert isinstance(hypervisor, FakeHypervisor)
                hypervisor.regain_power()
                member.session.revive(0.0)
                count += 1
        return count

    def _come_back(self, member: Member) -> None:
        self.revive([member])

    def heal(self) -> int:
        """Ends every freeze, slowness and death."""
        count = 0
        for member in self.all_members():
            if member.session.frozen:
                member.heal()
                count += 1
        self.behaviour.agent.slowness = 1.0
        return count + self.revive(self.members)

    def slow(self, factor: float, seconds: float = 0.0) -> None:
        """Every delay of the behaviour is multiplied."""
        self.behaviour.agent.slowness = factor
        if seconds > 0:
            self.later(seconds, lambda: setattr(self.behaviour.agent, "slowness", 1.0))

    def _repeat(self, event: Event) -> None:
        def happen() -> None:
            if self._stopping:
                return
            self._befall(event)
            self.later(event.every_seconds, happen)

        self.later(event.every_seconds, happen)

    def _befall(self, event: Event) -> None:
        if event.action == "slow":
            self.slow(event.factor, event.for_seconds)
            return
        if event.by_cluster:
            clusters = list(dict.fromkeys(host.place.cluster for _, host, _ in self.hosts()))
            members = self.of_cluster(clusters[self._next_cluster % len(clusters)]) if clusters else []
            self._next_cluster += 1
        else:
            members = self.choose(event.share * 100)
        if event.action == "disconnect":
            self.disconnect(members)
        elif event.action == "freeze":
            self.freeze(members, event.for_seconds)
        else:
            self.kill(members, event.for_seconds)
