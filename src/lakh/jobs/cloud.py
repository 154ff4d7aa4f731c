"""The cloud as request handlers, flows and reconcilers see it: store, time, ids, hosts, jobs.

`part(Kind)` gives the one instance of an in-memory index or cache that a resource owns (host columns, address pools),
made on first use; so this module knows none of them.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lakh.base.clock import Clock
from lakh.base.ids import UuidFactory
from lakh.bus.hosts import HostCaller
from lakh.bus.peers import Alone, Peers
from lakh.store.snapshot import Snapshots
from lakh.store.store import Store

if TYPE_CHECKING:
    from lakh.jobs.flow import Run
    from lakh.jobs.worker import Worker


class RowIds(Protocol):
    """Row ids in blocks leased from the store."""

    def next(self, table: str) -> int: ...
    async def reserve(self, table: str, count: int) -> None: ...


class Children(Protocol):
    """Runs commands as child flows; filled by the command layer."""

    async def run(self, parent: Run[Any], command: str, what: str, parameters: dict[str, Any]) -> Any: ...

    async def run_shared(self, parent: Run[Any], command: str, key: str, parameters: dict[str, Any]) -> Any: ...


P = TypeVar("P")


class Cloud:
    """One server's view of the installation."""

    worker: Worker
    children: Children

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        random: Random,
        row_ids: RowIds,
        hosts: HostCaller,
        server_id: int = 1,
        epoch: int = 1,
    ) -> None:
        self.store = store
        self.clock = clock
        self.random = random
        self.uuids = UuidFactory(clock, random)
        self.row_ids = row_ids
        self.hosts = hosts
        self.server_id = server_id
        self.epoch = epoch
        self.management_server_id = 1 << 41 | 1  # agents see it in frame headers
        self.peers: Peers = Alone()
        self.number, self.controls = 1, 1
        """This control process's place among those of its server, and how many there are."""
        self.leads = True
        """Runs the reconcilers, and owns what hosts say on their own account."""
        self.snapshots = Snapshots(store)
        self._parts: dict[type, Any] = {}

    def part(self, kind: type[P]) -> P:
        """The cloud's one instance of `kind`, made with `kind(cloud)` on first use."""
        found: P | None = self._parts.get(kind)
        if found is None:
            made: Any = kind
            found = self._parts[kind] = made(self)
        return found

    def id(self, table: str) -> int:
        """The next row id of `table`."""
        return self.row_ids.next(table)

    def uuid(self) -> str:
        return self.uuids.new()

    def now_ms(self) -> int:
        return self.clock.now_ms()
