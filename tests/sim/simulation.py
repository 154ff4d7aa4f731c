"""A whole cloud's life under a seeded virtual clock: real control, gateways and agents, and everything that goes wrong.

Nothing is played but sockets, TLS and the hypervisors' metal: the store is SQLite in memory, the control process is
opened as `lakh server` opens it, gateways and agents are the product's own, reconcilers run on the virtual clock.
Requests and trouble come at random from one seed. `Watch` holds at every commit; once trouble has ended the cloud must
come to rest by itself, and then `World.check` must hold: jobs at their end, store, memory and hypervisors in agreement,
no orphan. The log of what happened is hashed: one seed gives one hash, whatever PYTHONHASHSEED is.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.invariants import UNFINISHED
from tests.sim import ground
from tests.sim.life import VMS, VOLUMES, Life
from tests.sim.loop import VirtualLoop
from tests.sim.machines import Machine, Mood
from tests.sim.server import ControlProcess, Weather
from tests.sim.trouble import Trouble
from tests.sim.watch import Watch
from tests.sim.wires import GatewayProcess
from tests.world import CPUS, GIB, World

from lakh.agent.host import Host
from lakh.agent.hypervisor import DomainSpec
from lakh.base.clock import LoopClock
from lakh.jobs.cloud import Cloud
from lakh.resources.host.row import HostRow
from lakh.resources.vm.row import VmRow
from lakh.store.inline import InlineStore
from lakh.store.statement import select, statement
from lakh.store.store import StoreUnavailableError

HOSTS = select("test.sim.live_hosts", HostRow, "WHERE removed_ms IS NULL ORDER BY id")
ENDS = statement("test.sim.job_ends", "SELECT command, status, COUNT(*) FROM async_job GROUP BY command, status")
CORRECTED = statement(
    "test.sim.corrected", "SELECT description FROM event WHERE description LIKE 'Capacity of % was corrected%'"
)

PATIENCE_SECONDS = 4 * 3600.0
"""Within this the cloud must be at rest after the last trouble: alert.wait, call timeouts and expunging included."""
REST_SECONDS = 600.0
"""So long nothing may change any more."""


@dataclass(slots=True)
class Chaos:
    """How much of what, in virtual seconds."""

    hosts: int = 6
    memory_gib: int = 24
    seconds: float = 1500.0
    request_every: float = 7.0
    trouble_every: float = 40.0
    deaths: int = 1


class Hosts:
    """The machines as `World` looks at them: by the ids that the store gave them."""

    def __init__(self) -> None:
        self.hosts: dict[int, Any] = {}
        self.away: set[int] = set()


class Simulation:
    """One run from one seed."""

    def __init__(self, seed: int, chaos: Chaos | None = None, *, aloud: bool = False) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.chaos = chaos or Chaos()
        self.aloud = aloud
        self.log = hashlib.sha256()
        self.events = 0
        self.machines: list[Machine] = []
        self.known_domains: dict[str, DomainSpec] = {}
        self.mood = Mood()
        self.ends: dict[tuple[str, int], int] = {}
        self.rest_seconds = 0.0
        self.gateways: list[GatewayProcess] = []
        self._background: set[asyncio.Task[None]] = set()

    def run(self) -> str:
        """Runs to the end, checks everything, returns the hash of the event log."""
        loop = VirtualLoop()
        try:
            loop.run_until_complete(self._run())
        finally:
            _close(loop)
        return self.log.hexdigest()

    async def _run(self) -> None:
        await self.prepare()
        chaos, loop = self.chaos, asyncio.get_running_loop()
        until = loop.time() + chaos.seconds
        asking = asyncio.create_task(self._again_and_again(self.life.next, chaos.request_every, until))
        breaking = asyncio.create_task(self._again_and_again(self.trouble.next, chaos.trouble_every, until))
        await asyncio.gather(asking, breaking)
        await self._calm_down()
        await self._come_to_rest()
        for vm in await self.store.rows(VMS):
            self.note("end", vm.instance_name, vm.state, vm.host_id)
        self.ends = {(command, status): count for command, status, count in await self.store.read(ENDS)}
        self._check_watch()

    async def prepare(self) -> None:
        """A server, gateways and hosts that have all come Up."""
        self.store = InlineStore.fresh()
        self.weather = Weather(Random(self.random.getrandbits(64)))
        self.ground = await ground.lay(self.store)
        self.life, self.trouble = Life(self), Trouble(self, self.chaos.deaths)
        self.watch = Watch(self.store, self.machines, self._moment)
        self.store.on_commit(lambda tables: self.note("commit", *sorted(tables)))
        self.server = self._new_server()
        self.gateways = [self._new_gateway(number) for number in (1, 2)]
        self.hosts, self.mood.calm = Hosts(), True
        await self.server.start(self.gateways)
        self.world = World(self.server.cloud, self.hosts, LoopClock(), Random(7))  # type: ignore[arg-type]
        self.world.made = self.ground.made
        for number in range(1, self.chaos.hosts + 1):
            self._add_machine(number)
        while not all(await self._up()):
            await self._a_moment()
        self.mood.calm = False

    def _add_machine(self, number: int) -> None:
        memory = self.chaos.memory_gib * GIB
        host = self.world.new_host(number, -1, f"kvm-{number}", f"10.1.{number >> 8}.{number & 255}", CPUS, memory)
        machine = Machine(f"kvm-{number}", host, self.mood, self)
        self.machines.append(machine)
        machine.connect(self.random.uniform(0, 2))

    async def _up(self) -> list[bool]:
        up = {host.name for host in await self.store.rows(HOSTS) if host.status == "Up"}
        return [machine.name in up for machine in self.machines]

    # --- the server --------------------------------------------------------------------------------------------------
    def _new_server(self) -> ControlProcess:
        return ControlProcess(self.store, self.weather, self.random.getrandbits(64))

    def _new_gateway(self, number: int) -> GatewayProcess:
        return GatewayProcess(number, Random(self.random.getrandbits(64)))

    def cloud(self) -> Cloud | None:
        return self.server.cloud if self.server.ready and self.server.alive else None

    def gateway(self) -> GatewayProcess | None:
        taking = [gateway for gateway in self.gateways if gateway.takes_agents]
        return self.random.choice(taking) if taking else None

    async def restart_server(self, *, gently: bool) -> None:
        """It dies, and its supervisor starts another one: again, where the store is away."""
        old = self.server
        if not old.ready or not old.alive:
            return
        if gently:
            await old.stop()
        else:
            old.kill(self.gateways)
        await asyncio.sleep(self.random.uniform(0.2, 3.0))
        while True:
            self.server = self._new_server()
            try:
                resumed = await self.server.start([g for g in self.gateways if g.alive])
            except StoreUnavailableError:
                self.server.kill(self.gateways)
                await asyncio.sleep(1.0)
                continue
            self.world.cloud = self.server.cloud
            self.note("resumed", resumed)
            return

    async def lose_store(self, seconds: float) -> None:
        self.weather.away = True
        await asyncio.sleep(seconds)
        self.weather.away = False

    async def lose_gateway(self, seconds: float) -> None:
        """One dies, and is started again."""
        at = self.random.randrange(len(self.gateways))
        gateway = self.gateways[at]
        if not gateway.alive:
            return
        gateway.kill()
        await asyncio.sleep(seconds)
        self.gateways[at] = fresh = self._new_gateway(gateway.number)
        if self.cloud() is not None:
            self.server.adopt(fresh)

    # --- the course of things ----------------------------------------------------------------------------------------
    async def _again_and_again(self, act: Any, every: float, until: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.random.expovariate(1 / every))
            if loop.time() >= until:
                return
            self._check_watch()
            self._remember_domains()
            self.in_background(act())

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """What is asked of a server that dies is never answered: nobody waits for it."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.watch.broken:
            self.watch.broken = f"{self._moment()}: {error!r}"
            self.watch.error = error

    def _remember_domains(self) -> None:
        for machine in self.machines:
            for domain in machine.host.hypervisor.domains():
                self.known_domains[domain.spec.name] = domain.spec

    async def startable(self) -> list[DomainSpec]:
        busy = {job.instance_uuid for job in await self.store.rows(UNFINISHED)}
        found = []
        for vm in await self.store.rows(VMS):
            spec = self.known_domains.get(vm.instance_name)
            if vm.state == "Stopped" and vm.uuid not in busy and spec is not None and await self._fits(spec, vm):
                found.append(spec)
        return found

    async def _fits(self, spec: DomainSpec, vm: VmRow | None) -> bool:
        if vm is None or (spec.cpus, spec.speed, spec.max_ram >> 20) != (vm.cpus, vm.speed_mhz, vm.memory_mb):
            return False
        disks = {disk.volume for disk in spec.disks if disk.volume}
        return disks == {volume.path for volume in await self.store.rows(VOLUMES) if volume.vm_id == vm.id}

    async def _stop_misfits(self) -> None:
        """A domain that somebody started behind our back, while its disks were changed, is for him to stop."""
        vms = {vm.instance_name: vm for vm in await self.store.rows(VMS)}
        for machine in self.machines:
            for domain in machine.host.hypervisor.domains():
                name = domain.spec.name
                if name in self.trouble.started and not await self._fits(domain.spec, vms.get(name)):
                    machine.host.hypervisor.stop(name)
                    self.note("stopped misfit", machine.name, name)

    async def _calm_down(self) -> None:
        self.note("calm")
        self.mood.calm = True
        while any(not gateway.alive for gateway in self.gateways) or self.weather.away or self.cloud() is None:
            await self._a_moment()
        await self.trouble.end()
        for host in await self.store.rows(HOSTS):
            if host.resource_state not in ("Enabled", "Disabled"):
                await self.life.ask(self.server.cloud, "cancelHostMaintenance", {"id": host.id})

    async def _come_to_rest(self) -> None:
        """Every job ends, and everything agrees, by itself and for good."""
        loop = asyncio.get_running_loop()
        began, wrong = loop.time(), "it never rests"
        while loop.time() - began < PATIENCE_SECONDS:
            await asyncio.sleep(60.0)
            self._check_watch()
            await self._stop_misfits()
            if await self.store.rows(UNFINISHED):
                continue
            try:
                await self.check()
                self.rest_seconds = loop.time() - began
                await asyncio.sleep(REST_SECONDS)
                await self.check()
                return
            except AssertionError as error:
                wrong = str(error)
        unfinished = [(j.command, j.step, j.undoing, j.created_ms) for j in await self.store.rows(UNFINISHED)]
        raise AssertionError(f"seed {self.seed} does not come to rest: {wrong}; unfinished: {unfinished}")

    async def check(self) -> None:
        """Store, memory, gateways and hypervisors tell one story."""
        hosts = await self.store.rows(HOSTS)
        machines = {machine.name: machine for machine in self.machines}
        self.hosts.hosts = {host.id: machines[host.name].agent for host in hosts if host.name in machines}
        assert all(isinstance(agent, Host) for agent in self.hosts.hosts.values())
        await self.world.check()
        for host in hosts:
            machine = machines[host.name]
            # Nobody asks about one that falls silent while it is out of service: its agent may well be stopped.
            wanted = ("Down", "Alert", "Disconnected") if machine in self.trouble.dead else ("Up",)
            assert host.status in wanted, f"{host.name} is {host.status}"
            assert machine.connected == (host.status == "Up"), f"{host.name} is {host.status}, its agent is not"
            if machine.connected:
                assert machine.session.agent.ready, f"the agent of {host.name} is not ready"
        corrected = await self.store.read(CORRECTED)
        assert not corrected, f"sums had drifted: {corrected}"

    def _check_watch(self) -> None:
        if self.watch.broken:
            raise AssertionError(f"seed {self.seed} at {self.watch.broken}") from self.watch.error

    async def _a_moment(self) -> None:
        await asyncio.sleep(1.0)

    def _moment(self) -> str:
        return f"{asyncio.get_running_loop().time():.3f}"

    def note(self, *what: object) -> None:
        self.events += 1
        line = f"{asyncio.get_running_loop().time():.6f} {' '.join(map(str, what))}\n"
        self.log.update(line.encode())
        if self.aloud:
            sys.stdout.write(line)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Ends what dead processes left waiting."""
    for _ in range(20):
        left = asyncio.all_tasks(loop)
        if not left:
            break
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.wait(left, timeout=0))
    loop.close()
