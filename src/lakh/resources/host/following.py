"""Hosts in memory, kept up with what other control processes commit.

What is taken of a host is added up from the reservations as they are told, and not read again: a reading would forget
what this process has proposed meanwhile. Whatever else changes of a host is read anew, many rows at once. A reading
that overlaps with a reservation elsewhere may count it twice or not at all: the guard in the store decides all the
same, and `healing/host_usage.py` mends what stays wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import (
    BY_IDS,
    CAPACITIES_OF,
    LIVE,
    RELEASE,
    RESERVE,
    RESERVE_ANYWAY,
    RESIZE,
    TAGS_OF,
    HostRow,
)
from lakh.store.changes import changed_by
from lakh.store.statement import Step
from lakh.store.store import WHOLE, StoreUnavailableError

log = logger(__name__)

ROWS_AT_ONCE = 1000
RETRY_SECONDS = 1.0


class HostFollower:
    """A part of the cloud: begins to follow when it is made."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._noted: set[int] = set()
        self._all = False
        self._reading: asyncio.Task[None] | None = None
        cloud.store.follow_others("host", self._hosts)
        cloud.store.follow_others("host_tag", self._tags, ("host_id",))
        cloud.store.follow_others("host_capacity", self._capacities, (WHOLE,))

    # --- what others did ---------------------------------------------------------------------------------------------
    def _hosts(self, steps: Sequence[Step]) -> None:
        for step in steps:
            how = changed_by(step.statement)
            if how is None or how.column:
                self._all = True
            elif how.many:
                self._noted.update(step.arguments[how.place])
            else:
                self._noted.add(step.arguments[how.place])
        self._read_soon()

    def _tags(self, steps: Sequence[Step]) -> None:
        for step in steps:
            columns, how = step.statement.insert_columns, changed_by(step.statement)
            if columns:
                self._noted.add(step.arguments[columns.index("host_id")])
            elif how is not None and how.column == "host_id":
                self._noted.add(step.arguments[how.place])
            else:
                self._all = True
        self._read_soon()

    def _capacities(self, steps: Sequence[Step]) -> None:
        columns = self._cloud.part(HostIndex).columns
        for step in steps:
            made, given = step.statement, step.arguments
            if not made.text:
                self._all = True
                self._read_soon()
            elif not given or given[0] not in columns:
                continue
            elif made is RESERVE:
                columns.reserve(given[0], given[1], given[3], tenant=given[4])
            elif made is RESERVE_ANYWAY:
                columns.reserve(given[0], given[1], given[3], tenant=columns.tenant_with(given[0], given[4]))
            elif made is RELEASE:
                columns.release(given[0], given[1], given[3])
            elif made is RESIZE:
                columns.reserve(given[0], given[1], given[3], guests=0)
            elif not made.insert_columns and isinstance(given[0], int):
                self._noted.add(given[0])
                self._read_soon()

    # --- reading anew ------------------------------------------------------------------------------------------------
    def _read_soon(self) -> None:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="hosts of others")

    async def _read(self) -> None:
        await self._cloud.part(HostIndex).load()
        try:
            while self._noted or self._all:
                try:
                    if self._all:
                        self._all = False
                        await self._read_all()
                    noted, self._noted = sorted(self._noted), set()
                    for start in range(0, len(noted), ROWS_AT_ONCE):
                        await self._read_some(noted[start : start + ROWS_AT_ONCE])
                except StoreUnavailableError as error:
                    log.warning("hosts not read anew", reason=str(error))
                    self._all = True
                    await self._cloud.clock.sleep(RETRY_SECONDS)
        finally:
            self._reading = None

    async def _read_some(self, ids: list[int]) -> None:
        await self._take(await self._cloud.store.rows(BY_IDS, ids))
        index = self._cloud.part(HostIndex)
        for capacity in await self._cloud.store.rows(CAPACITIES_OF, ids):
            index.set_usage(capacity)

    async def _read_all(self) -> None:
        index, store = self._cloud.part(HostIndex), self._cloud.store
        gone, last = set(index.facts), 0
        while hosts := await store.rows(LIVE, last):
            last = hosts[-1].id
            gone.difference_update(host.id for host in hosts)
            await self._take(hosts)
            for capacity in await store.rows(CAPACITIES_OF, [host.id for host in hosts]):
                index.set_usage(capacity)
        for host_id in gone:
            index.remove(host_id)

    async def _take(self, hosts: Iterable[HostRow]) -> None:
        index = self._cloud.part(HostIndex)
        tags: dict[int, list[str]] = {}
        for tag in await self._cloud.store.rows(TAGS_OF, [host.id for host in hosts]):
            tags.setdefault(tag.host_id, []).append(tag.tag)
        for host in hosts:
            if host.removed_ms is not None:
                index.remove(host.id)
                continue
            known = index.facts.get(host.id)
            if known is not None and known.status == "Connecting" and self._cloud.leads:
                host = msgspec.structs.replace(host, status=known.status)  # it is being brought Up here
            moved = known is not None and (known.pod_id, known.cluster_id) != (host.pod_id, host.cluster_id)
            if moved:
                index.remove(host.id)
            index.upsert(host, tuple(tags.get(host.id, ())))
            if known is not None and moved:
                index.set_connected(host.id, known.connected)
