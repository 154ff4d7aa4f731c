"""A world without HTTP for flow tests: requests are admitted as the edge would, the server can die and start again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from tests.world import FakeHosts, World

from lakh.base.clock import SystemClock
from lakh.http import commands
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import BY_UUID, JobRow
from lakh.jobs.worker import Worker
from lakh.resources.account.row import ADMIN
from lakh.resources.command import Call, Caller, JobCommand, admit_job
from lakh.resources.configuration.values import Settings
from lakh.resources.finishing import CommandChildren, completed_event
from lakh.resources.seeding import seed
from lakh.store.ids import RowIds
from lakh.store.inline import InlineStore

commands.load()


class NoWait(SystemClock):
    """Pauses between retries take no time in flow tests."""

    async def sleep(self, seconds: float) -> None:
        import asyncio

        self.slept = getattr(self, "slept", 0.0) + seconds
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        return super().monotonic() + getattr(self, "slept", 0.0)


class Server:
    """One installation over one store and its fake hosts; `crash()` loses everything in memory and starts anew."""

    cloud: Cloud
    world: World

    def __init__(self) -> None:
        self.store = InlineStore.fresh()
        self.hosts = FakeHosts()
        self.epoch = 0
        self.probe: Any = None

    async def start(self) -> None:
        self.epoch += 1
        row_ids = await RowIds(self.store).open()
        self.cloud = Cloud(
            store=self.store,
            clock=NoWait(),
            random=Random(self.epoch),
            row_ids=row_ids,
            hosts=self.hosts,
            epoch=self.epoch,
        )
        self.cloud.worker = Worker(self.cloud, probe=self._probe)
        self.cloud.worker.on_finished = completed_event
        self.cloud.children = CommandChildren(self.cloud)
        await seed(self.cloud, "!")
        await self.cloud.part(Settings).refresh()

    def _probe(self, when: str, job: JobRow, step: str) -> None:
        if self.probe is not None:
            self.probe(when, job, step)

    async def crash(self) -> int:
        """A new process over the same store and hosts. Returns how many jobs it resumed."""
        world = self.world
        await self.start()
        world.cloud = self.cloud
        await world.connect()
        return await self.cloud.worker.resume()

    async def run(self, command: JobCommand) -> JobRow:
        """Admits a command as the root admin and waits for its job's end here."""
        caller = Caller(2, 2, 1, ADMIN, 1, "admin", "/1/")
        job = await admit_job(command, Call(self.cloud, caller))
        return await self.ended(job.uuid)

    async def ended(self, uuid: str) -> JobRow:
        """The job's row once this process is done with it."""
        await self.cloud.worker.wait(uuid)
        return (await self.store.rows(BY_UUID, uuid))[0]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.start()
    made.world = await World.build(made.cloud)
    yield made
    await made.cloud.worker.stop()
    await made.store.close()
