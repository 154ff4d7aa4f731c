"""The control process in a simulation: opened as `lakh server` opens it, and killed without a word.

A killed process does nothing more, not even clean up: its tasks stay where they are for ever. So what a process waits
for (store, clock) belongs to its `Life`, and nothing of that comes back once it is over. What it had sent to the store
may still commit; nobody hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from random import Random
from typing import Any, TypeVar

from tests.sim.wires import GatewayProcess

from lakh.base.clock import LoopClock
from lakh.bus.gateways import Gateways
from lakh.bus.inprocess import pair
from lakh.healing.host_liveness import HostLiveness
from lakh.healing.reconciler import Healing
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.management_server.address import ServerAddress
from lakh.server.agents import Agents
from lakh.server.cloud import open_cloud
from lakh.server.config import Configuration
from lakh.server.control import Late, settings_for_gateways
from lakh.store.inline import InlineStore
from lakh.store.statement import Query, Statement, TxnSpec
from lakh.store.store import Follower, Listener, StoreUnavailableError
from lakh.store.table import Row

T = TypeVar("T", bound=Row)

STORE_SECONDS = 0.003
"""What the store needs at most for an answer."""


class Life:
    """Of one process."""

    def __init__(self) -> None:
        self.over = False
        self._grave: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def goes_on(self) -> None:
        """Returns in a living process only."""
        if self.over:
            await asyncio.shield(self._grave)


class Weather:
    """Whether the store can be reached."""

    def __init__(self, random: Random) -> None:
        self.away = False
        self.random = random


class Door:
    """The store as one process sees it: a little slow, at times away, and gone once the process is dead."""

    dialect = "sqlite"

    def __init__(self, store: InlineStore, life: Life, weather: Weather) -> None:
        self._store, self._life, self._weather = store, life, weather

    async def read(self, statement: Statement, *arguments: Any) -> list[tuple[Any, ...]]:
        await self._open()
        found = await self._store.read(statement, *arguments)
        await self._answer()
        return found

    async def rows(self, query: Query[T], *arguments: Any) -> list[T]:
        await self._open()
        found = await self._store.rows(query, *arguments)
        await self._answer()
        return found

    async def submit(self, txn: TxnSpec) -> list[int]:
        await self._open()
        try:
            return await self._store.submit(txn)
        finally:
            await self._answer()
            if self._weather.away:  # it went away during COMMIT: whether that happened is open
                raise StoreUnavailableError("the store went away")

    def on_commit(self, listener: Listener) -> None:
        self._store.on_commit(lambda tables: None if self._life.over else listener(tables))

    def follow(self, table: str, follower: Follower) -> None:
        self._store.follow(table, lambda steps: None if self._life.over else follower(steps))

    def follow_others(self, table: str, follower: Follower, columns: Iterable[str] = ()) -> None:
        self._store.follow_others(table, lambda steps: None if self._life.over else follower(steps), columns)

    def counters(self) -> dict[str, float]:
        return self._store.counters()

    def gauges(self) -> dict[str, int]:
        return self._store.gauges()

    async def close(self) -> None:
        """Others go on with it."""

    async def _open(self) -> None:
        await self._life.goes_on()
        if self._weather.away:
            raise StoreUnavailableError("the store cannot be reached")

    async def _answer(self) -> None:
        await asyncio.sleep(self._weather.random.uniform(0, STORE_SECONDS))
        await self._life.goes_on()


class LifeClock(LoopClock):
    """Time of a process."""

    __slots__ = ("_life",)

    def __init__(self, life: Life) -> None:
        super().__init__()
        self._life = life

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await self._life.goes_on()


class ControlProcess:
    """From its start to its death. `cloud` is there once `start` has returned."""

    cloud: Cloud

    def __init__(self, store: InlineStore, weather: Weather, seed: int) -> None:
        self._life = Life()
        self._door = Door(store, self._life, weather)
        self._random = Random(seed)
        self._healing: Healing | None = None
        self.gateways: Gateways | None = None
        self.agents: Agents | None = None
        self.ready = False

    @property
    def alive(self) -> bool:
        return not self._life.over

    async def start(self, gateways: Sequence[GatewayProcess]) -> int:
        """As `lakh.server.control.serve` does. Returns how many jobs it resumed."""
        late = Late()
        clock = LifeClock(self._life)
        cloud = self.cloud = await open_cloud(self._door, late, clock, Configuration(), self._random)  # type: ignore[arg-type]
        cloud.part(ServerAddress).use("192.0.2.1", 8250)
        agents = self.agents = Agents(cloud)
        self.gateways = late.gateways = agents.gateways = Gateways(settings_for_gateways(cloud), agents)
        await cloud.part(HostIndex).load()
        for gateway in gateways:
            self.adopt(gateway)
        self.ready = True
        resumed = await cloud.worker.resume()
        self._healing = Healing(cloud)
        self._healing.start()
        agents.on_absence = partial(self._healing.signal, HostLiveness.name)
        return resumed

    def adopt(self, gateway: GatewayProcess) -> None:
        """A gateway connects."""
        assert self.gateways is not None
        here, there = pair()
        self.gateways.adopt(here)
        gateway.gateway.connect(there)
        gateway.bus = there

    async def stop(self) -> None:
        """SIGTERM."""
        assert self.gateways is not None
        if self._healing is not None:
            await self._healing.stop()
        await self.cloud.worker.stop()
        self.gateways.close()
        self._life.over = True

    def kill(self, gateways: Sequence[GatewayProcess]) -> None:
        """SIGKILL."""
        self._life.over = True
        for gateway in gateways:
            if gateway.bus is not None:
                gateway.bus.lose()
