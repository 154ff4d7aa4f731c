"""Seeded chaos: requests arrive, hosts lose their sessions, answers get lost, hosts refuse, the server dies.

Invariants hold at every commit (capacity of a host = sum of its VMs; nobody is Running twice) and, once everything has
settled, between store and hypervisors (`World.check`). The log of what happened is hashed: the same seed gives the same
hash, on any machine and with any PYTHONHASHSEED.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.sim.loop import VirtualLoop
from tests.world import FakeHosts, World

from lakh.base.clock import LoopClock
from lakh.base.errors import ApiError
from lakh.http import commands
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import JobRow
from lakh.jobs.worker import Worker
from lakh.resources.account.row import ADMIN
from lakh.resources.command import Call, Caller, admit_job
from lakh.resources.configuration.values import Settings
from lakh.resources.finishing import CommandChildren, completed_event
from lakh.resources.host.index import HostIndex
from lakh.resources.seeding import seed
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.store.ids import RowIds
from lakh.store.inline import InlineStore
from lakh.store.statement import select, statement
from lakh.wire.message import Message

commands.load()

CALLER = Caller(2, 2, 1, ADMIN, 1, "admin", "/1/")
SUMS = statement(
    "test.sums",
    "SELECT c.host_id, c.vms, c.memory_used_bytes, COUNT(v.id), COALESCE(SUM(v.memory_mb), 0) FROM host_capacity c"
    " LEFT JOIN vm v ON v.host_id = c.host_id AND v.removed_ms IS NULL GROUP BY c.host_id, c.vms, c.memory_used_bytes",
)
UNFINISHED = select("test.unfinished", JobRow, "WHERE status = 0")


@dataclass(slots=True)
class Chaos:
    """How much of what. Probabilities are per call or per second of virtual time."""

    hosts: int = 8
    deployments: int = 150
    seconds: float = 60.0
    lost_answers: float = 0.05
    refusals: float = 0.05
    away_each_second: float = 0.05
    crashes: int = 5


class Simulation:
    """One run from one seed."""

    def __init__(self, seed_number: int, chaos: Chaos | None = None) -> None:
        self.random = Random(seed_number)
        self.chaos = chaos or Chaos()
        self.log = hashlib.sha256()
        self.events = 0
        self.store = InlineStore.fresh()
        self.hosts = FakeHosts()
        self.epoch = 0
        self.cloud: Cloud
        self.world: World
        self.calm = False
        self.outcomes: dict[int, int] = {}

    def run(self) -> str:
        """Runs to the end, checks everything, returns the hash of the event log."""
        loop = VirtualLoop()
        try:
            loop.run_until_complete(self._run())
        finally:
            loop.close()
        return self.log.hexdigest()

    async def _run(self) -> None:
        await self._start_server()
        self.world = await World.build(self.cloud, hosts=self.chaos.hosts)
        self.hosts.delay = lambda: self.random.uniform(0.001, 0.4)
        self.hosts.lose = self._loses
        self.hosts.refuse = self._refuses
        self.store.on_commit(lambda tables: self._note("commit", *sorted(tables)))
        trouble = [asyncio.create_task(t) for t in (self._requests(), self._flapping(), self._crashes())]
        await asyncio.gather(*trouble)
        self.calm = True
        self.hosts.away.clear()
        await self.world.connect()
        await self._settle()
        await self.world.check()
        self._note("end", *sorted(self.world.running()))

    # --- the server --------------------------------------------------------------------------------------------------
    async def _start_server(self) -> None:
        self.epoch += 1
        row_ids = await RowIds(self.store).open()
        self.cloud = Cloud(
            store=self.store,
            clock=LoopClock(),
            random=Random(self.random.getrandbits(64)),
            row_ids=row_ids,
            hosts=self.hosts,
            epoch=self.epoch,
        )
        self.cloud.worker = Worker(self.cloud)
        self.cloud.worker.on_finished = completed_event
        self.cloud.children = CommandChildren(self.cloud)
        await seed(self.cloud, "!")
        await self.cloud.part(Settings).refresh()

    async def _crashes(self) -> None:
        """The server dies without a word, some times; the next one takes over what is stored."""
        for _ in range(self.chaos.crashes):
            await asyncio.sleep(self.random.uniform(0, self.chaos.seconds / self.chaos.crashes))
            self._note("crash")
            await self.cloud.worker.stop()
            await self._start_server()
            self.world.cloud = self.cloud
            await self.world.connect()
            self._note("resumed", await self.cloud.worker.resume())

    # --- trouble -----------------------------------------------------------------------------------------------------
    async def _requests(self) -> None:
        for number in range(self.chaos.deployments):
            await asyncio.sleep(self.random.expovariate(self.chaos.deployments / self.chaos.seconds))
            made = self.world.made
            command = DeployVirtualMachine(
                zoneid=made.zone.id,
                templateid=made.template.id,
                serviceofferingid=made.offering.id,
                networkids=[made.network.id],
                name=f"vm-{number}",
            )
            try:
                job = await admit_job(command, Call(self.cloud, CALLER))
            except ApiError as error:
                self._note("refused", number, str(error))
                continue
            self._note("admitted", number, job.uuid)
            await self._check_sums()

    async def _flapping(self) -> None:
        """Hosts lose their sessions and come back."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.chaos.seconds
        while loop.time() < until:
            await asyncio.sleep(1.0)
            for host_id in sorted(self.hosts.hosts):
                if host_id in self.hosts.away:
                    if self.random.random() < 0.2:
                        self.hosts.away.discard(host_id)
                        self._connected(host_id, True)
                elif self.random.random() < self.chaos.away_each_second:
                    self.hosts.away.add(host_id)
                    self._connected(host_id, False)

    def _connected(self, host_id: int, connected: bool) -> None:
        self._note("host", host_id, connected)
        self.cloud.part(HostIndex).set_connected(host_id, connected)

    def _loses(self, _host_id: int, _command: Message) -> bool:
        return not self.calm and self.random.random() < self.chaos.lost_answers

    def _refuses(self, host_id: int, command: Message) -> str:
        self._note("call", host_id, command.name)
        if not self.calm and command.name == "StartCommand" and self.random.random() < self.chaos.refusals:
            return "the host does not feel like it"
        return ""

    # --- the end -----------------------------------------------------------------------------------------------------
    async def _settle(self) -> None:
        """Every job reaches an end by itself."""
        for _ in range(600):
            unfinished = await self.store.rows(UNFINISHED)
            if not unfinished and not self.cloud.worker.running:
                return
            await asyncio.sleep(1.0)
        raise AssertionError(f"jobs that never end: {[(j.command, j.step, j.undoing) for j in unfinished]}")

    async def _check_sums(self) -> None:
        for host_id, vms, memory, counted, summed_mb in await self.store.read(SUMS):
            assert (vms, memory) == (counted, summed_mb << 20), f"host {host_id} counts {vms}, has {counted}"

    def _note(self, *what: Any) -> None:
        self.events += 1
        moment = asyncio.get_running_loop().time()
        self.log.update(f"{moment:.6f} {' '.join(map(str, what))}\n".encode())
