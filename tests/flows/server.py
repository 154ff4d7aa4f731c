"""A world without HTTP for flow tests: requests are admitted as the edge would, the server can die and start again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar

import msgspec
from tests import rows
from tests.invariants import UNFINISHED
from tests.world import CPUS, GIB, MEMORY_GIB, FakeHosts, World

from lakh.base.clock import SystemClock
from lakh.contract.declaration import spec_of
from lakh.http import commands
from lakh.jobs.cloud import Cloud
from lakh.jobs.execution import Probe
from lakh.jobs.row import BY_UUID, SUCCEEDED, JobRow
from lakh.jobs.worker import Worker
from lakh.resources.account.row import ADMIN
from lakh.resources.command import Call, Caller, JobCommand, admit_job
from lakh.resources.configuration.values import Settings
from lakh.resources.finishing import CommandChildren, completed_event
from lakh.resources.management_server.authority import Authority
from lakh.resources.seeding import seed
from lakh.store.ids import RowIds
from lakh.store.statement import Statement, TxnSpec, select
from lakh.store.store import Store
from lakh.store.table import Row
from lakh.wire.certificates import new_authority, new_p256_key

commands.load()

R = TypeVar("R", bound=Row)

AUTHORITY = new_authority(new_p256_key(), now=datetime.now(UTC))
"""It outlives every server; keys of P-256, since those of RSA take their time."""
ROOT_ADMIN = Caller(2, 2, 1, ADMIN, 1, "admin", "/1/")


class NoWait(SystemClock):
    """Pauses between retries take no time in flow tests."""

    def __init__(self) -> None:
        self.slept = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        return super().monotonic() + self.slept


def new_cloud(store: Store, hosts: FakeHosts, row_ids: RowIds, epoch: int) -> Cloud:
    return Cloud(store=store, clock=NoWait(), random=Random(epoch), row_ids=row_ids, hosts=hosts, epoch=epoch)


async def fill(store: Store) -> rows.Made:
    """What every flow test starts from: a fresh installation and a small world."""
    cloud = new_cloud(store, FakeHosts(), await RowIds(store).open(), 1)
    await seed(cloud, "!")
    made = await rows.insert_world(cloud, hosts=4, cpus=CPUS, memory_bytes=MEMORY_GIB * GIB)
    await rows.insert_system_parts(cloud, made)
    return made


class Server:
    """One installation over one store and its fake hosts; `crash()` loses everything in memory and starts anew.

    `probe` is called at every step of every job; it raises to fail or to crash a flow.
    """

    cloud: Cloud
    world: World

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hosts = FakeHosts()
        self.epoch = 0
        self.probe: Probe | None = None

    @classmethod
    async def start(cls, store: Store, made: rows.Made) -> Server:
        server = cls(store)
        await server._boot()
        server.world = await World.over(server.cloud, made)
        return server

    async def _boot(self) -> None:
        self.epoch += 1
        self.cloud = cloud = new_cloud(self.store, self.hosts, await RowIds(self.store).open(), self.epoch)
        cloud.worker = Worker(cloud, probe=self._probe)
        cloud.worker.on_finished = completed_event
        cloud.children = CommandChildren(cloud)
        cloud.part(Authority).use(AUTHORITY, new_p256_key)
        await cloud.part(Settings).refresh()

    def _probe(self, when: str, job: JobRow, step: str) -> None:
        if self.probe is not None:
            self.probe(when, job, step)

    async def stop(self) -> None:
        await self.cloud.worker.stop()

    async def crash(self) -> int:
        """A new process over the same store and hosts. Returns how many jobs it resumed."""
        await self.cloud.worker.stop()
        await self._boot()
        self.world.cloud = self.cloud
        await self.world.connect()
        return await self.cloud.worker.resume()

    # --- requests ----------------------------------------------------------------------------------------------------
    async def admit(self, command: JobCommand, caller: Caller = ROOT_ADMIN) -> JobRow:
        """Admits a command and returns its job at once."""
        return await admit_job(command, Call(self.cloud, caller))

    async def run(self, command: JobCommand, caller: Caller = ROOT_ADMIN) -> JobRow:
        """Admits a command and waits for its job's end here."""
        return await self.ended((await self.admit(command, caller)).uuid)

    async def call(self, command_name: str, /, **parameters: Any) -> Any:
        """Calls a command as the root admin, entities by row id. A job must succeed: its object comes
        back; of other commands, what they answer."""
        command = spec_of(command_name).declaration(**parameters)
        if not isinstance(command, JobCommand):
            return await command.run(Call(self.cloud, ROOT_ADMIN))  # type: ignore[attr-defined]
        job = await self.run(command)
        assert job.status == SUCCEEDED, f"{command_name}: {job.result_json}"
        (answer,) = msgspec.json.decode(job.result_json or "{}").values()
        return answer

    async def ended(self, uuid: str) -> JobRow:
        """The job's row once this process is done with it."""
        await self.cloud.worker.wait(uuid)
        return (await self.store.rows(BY_UUID, uuid))[0]

    async def idle(self) -> None:
        """Waits until no job runs here."""
        while pending := await self.store.rows(UNFINISHED):
            if not self.cloud.worker.running:
                raise AssertionError(f"jobs that nobody runs: {[(j.command, j.step, j.undoing) for j in pending]}")
            await self.cloud.worker.wait(pending[-1].uuid)

    async def row(self, kind: type[R], row_id: int) -> R:
        """A row as it is stored now, gone or not."""
        query = select(f"test.row.{kind.TABLE.name}", kind, "WHERE id = $1")
        return (await self.store.rows(query, row_id))[0]

    async def find(self, kind: type[R], uuid: str) -> R:
        """A row by its uuid."""
        query = select(f"test.find.{kind.TABLE.name}", kind, "WHERE uuid = $1")
        return (await self.store.rows(query, uuid))[0]

    async def all(self, kind: type[R]) -> list[R]:
        """Every row that is not gone."""
        alive = "WHERE removed_ms IS NULL" if "removed_ms" in kind.TABLE.column_names else ""
        order = f"ORDER BY {', '.join(kind.TABLE.primary_key)}"
        return await self.store.rows(select(f"test.live.{kind.TABLE.name}", kind, f"{alive} {order}"))

    async def put(self, *inserts: tuple[Statement, Row]) -> None:
        """Stores rows as they are."""
        txn = TxnSpec("test.rows")
        for statement, row in inserts:
            txn.put(statement, row)
        await self.store.submit(txn)
