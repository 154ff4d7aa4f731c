"""Hosts of a seeded installation: those that a fleet with the same map and seed says it is.

Each row is made of the very Startup that the mock agent sends, by what judges Startups; so a fleet that connects later
finds its hosts known.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from lakh.agent.fake import FakeHypervisor
from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.host import Host
from lakh.agent.images import ImageStores
from lakh.agent.router import Routers
from lakh.agent.startup import startup
from lakh.fleet.identity import Identities, MapEntry
from lakh.fleet.options import Options
from lakh.jobs.cloud import Cloud
from lakh.resources.host.row import INSERT, INSERT_CAPACITY, HostCapacityRow, HostRow
from lakh.resources.host.startup import described
from lakh.resources.storage_pool.connect import local_path
from lakh.resources.storage_pool.row import CONNECT, StoragePoolHostRow
from lakh.seed.places import Places, fleet_map
from lakh.seed.size import Size
from lakh.store.statement import TxnSpec
from lakh.wire.startup import StartupCommand


def identities(clusters: list[dict[str, Any]], seed: int) -> Identities:
    """Who the hosts are, as a fleet started with this map and seed and nothing else would say."""
    usual = Options((), (), 1, 1)
    return Identities(
        [msgspec.convert(entry, MapEntry) for entry in clusters],
        seed=seed,
        network=usual.network,
        prefix=usual.prefix,
        cpus=usual.cpus,
        speed_mhz=usual.speed_mhz,
        memory_bytes=usual.memory_bytes,
    )


class HostMaker:
    """Makes host rows, one after the other, in the fleet's order."""

    def __init__(self, cloud: Cloud, places: Places, size: Size) -> None:
        self._cloud = cloud
        self._size = size
        self._known = identities(fleet_map(places, size), size.seed)
        self._storage, self._addresses = SharedStorage(0), SharedAddresses(None)
        self._routers, self._images = Routers(), ImageStores()

    async def row(self, number: int) -> HostRow:
        """The row of the fleet's agent of this number, from 1."""
        cloud, facts = self._cloud, self._known.facts(number)
        agent = Host(
            self._known.guid(number),
            self._known.place(number),
            FakeHypervisor(facts, number, self._storage, cloud.clock, self._addresses),
            self._routers,
            self._images,
            cloud.clock,
            Random(number),
            cloud.uuids,
        )
        said = msgspec.convert(startup(agent, "", False).body, StartupCommand, strict=False)
        row = (await described(cloud, said, None)).row(cloud, None)
        if self._size.disconnected:
            return msgspec.structs.replace(row, status="Disconnected", disconnected_ms=cloud.now_ms())
        return msgspec.structs.replace(row, status="Up")


class Load(msgspec.Struct):
    """What the instances take of one host."""

    mhz: int = 0
    cores: int = 0
    memory_bytes: int = 0
    vms: int = 0


def host_txns(
    cloud: Cloud, places: Places, rows: list[HostRow], loads: dict[int, Load], at_once: int
) -> Iterator[TxnSpec]:
    """Transactions that store hosts with their capacity and their pool."""
    pools = {zone.row.id: zone.pool for zone in places.zones}
    paths = {zone.row.id: local_path(zone.pool) for zone in places.zones}
    nothing = Load()
    for start in range(0, len(rows), at_once):
        part, txn = rows[start : start + at_once], TxnSpec("seed.hosts")
        for row in part:
            txn.put(INSERT, row)
        for row in part:
            load = loads.get(row.id, nothing)
            capacity = HostCapacityRow(
                host_id=row.id,
                cpu_total_mhz=row.cpus * row.speed_mhz,
                cpu_used_mhz=load.mhz,
                cores_total=row.cpus,
                cores_used=load.cores,
                memory_total_bytes=row.memory_bytes,
                memory_used_bytes=load.memory_bytes,
                vms=load.vms,
                cpu_overcommit=1.0,
                memory_overcommit=1.0,
            )
            txn.put(INSERT_CAPACITY, capacity)
        for row in part:
            zone_id = row.zone_id
            txn.put(CONNECT, StoragePoolHostRow(pools[zone_id].id, row.id, paths[zone_id], cloud.now_ms()))
        yield txn
