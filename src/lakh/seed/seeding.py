"""One seeding from an empty store to a full one.

A store that holds anything but a fresh installation is refused: what is seeded is one whole, and everything that counts
(host capacity, what accounts and domains own, what lies on pools) is written with its sum.

Left out, because they are history: jobs, and events unless asked for.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from lakh.base.clock import SystemClock
from lakh.base.errors import LakhError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.client import Client
from lakh.healing.search import move, movings
from lakh.http import commands
from lakh.http.edge import Edge
from lakh.jobs.cloud import Cloud
from lakh.lab.screen import Screen
from lakh.resources.host.row import HostRow
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.storage_pool.row import TAKE
from lakh.resources.template.row import ALL_STORES, OF_POOL
from lakh.resources.user.password import hash_password
from lakh.resources.zone.row import ZoneRow
from lakh.seed.fleet_state import FleetFolder, FleetState
from lakh.seed.happened import events
from lakh.seed.hosts import HostMaker, host_txns
from lakh.seed.instances import Instances, Wire, network_txns, networks
from lakh.seed.owners import Owner, domains, owner_txns, owners
from lakh.seed.places import Places, fleet_map, make_places
from lakh.seed.size import Shares, Size
from lakh.seed.writing import ROWS_AT_ONCE, write, write_all
from lakh.server.cloud import open_cloud
from lakh.server.config import Configuration
from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec

ADMIN_KEY, ADMIN_SECRET = "key-admin", "secret-admin"
PASSWORD = "password"
INDEXED_AT_ONCE = 20_000


class NotEmptyError(LakhError):
    """The store holds an installation already."""


class _NoHosts:
    """While it is seeded, an installation reaches no host."""

    async def call(self, host_id: int, *_: object, **__: object) -> Any:
        raise HostUnreachableError(host_id, "seeding", sent=False)

    def is_connected(self, host_id: int) -> bool:
        return False

    def drop(self, host_id: int) -> None:
        """There is no session to close."""


async def seed_store(
    config: Configuration, size: Size, screen: Screen, fleet: FleetFolder | None = None
) -> dict[str, Any]:
    """Fills the store that `config` names, and the state of a `fleet` that plays its hosts; returns what was made, as
    `seeded.json` in the data folder says too.

    Raises SizeError, NotEmptyError, StoreUnavailableError.
    """
    began = time.monotonic()
    size = size.checked()
    commands.load()
    folder = Path(config.data_folder)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    config = msgspec.structs.replace(
        config,
        admin_api_key=config.admin_api_key or ADMIN_KEY,
        admin_secret_key=config.admin_secret_key or ADMIN_SECRET,
    )
    store = await open_store(config.store_url)
    try:
        cloud = await open_cloud(store, _NoHosts(), SystemClock(), config, Random(size.seed))
        if (await cloud.snapshots.of(ZoneRow)).live:
            raise NotEmptyError(f"{config.store_url} holds an installation already: give an empty store to seed")
        keys = config.admin_api_key, config.admin_secret_key
        places = await _places(cloud, size, keys, screen)
        made = await Seeding(cloud, places, size, screen, fleet).run()
        await cloud.worker.stop()
    finally:
        await store.close()
    made["admin"] = {"api_key": config.admin_api_key, "secret_key": config.admin_secret_key}
    told = made | {"seconds": round(time.monotonic() - began, 1), "size": msgspec.to_builtins(size)}
    told["fleet_map"] = fleet_map(places, size)
    await asyncio.to_thread((folder / "seeded.json").write_bytes, msgspec.json.encode(told))
    return told


async def _places(cloud: Cloud, size: Size, keys: tuple[str, str], screen: Screen) -> Places:
    screen.step(f"{size.zones} zones through the API")
    edge = Edge(cloud)
    admin = Client("127.0.0.1", await edge.start("127.0.0.1", 0), *keys)
    try:
        return await make_places(cloud, admin, size)
    finally:
        await admin.close()
        await edge.stop()


class Seeding:
    """The bulk of it: everything below the places."""

    def __init__(
        self, cloud: Cloud, places: Places, size: Size, screen: Screen, fleet: FleetFolder | None = None
    ) -> None:
        self._fleet = fleet
        self._cloud, self._places, self._size, self._screen = cloud, places, size, screen
        self._at_once = ROWS_AT_ONCE[cloud.store.dialect]

    async def run(self) -> dict[str, Any]:
        cloud, size, screen = self._cloud, self._size, self._screen
        shares = Shares(size)
        await self._reserve_ids()
        screen.step(f"{size.hosts:,} hosts, {size.accounts:,} accounts, {size.networks:,} networks")
        maker = HostMaker(cloud, self._places, size)
        hosts = [await maker.row(number) for number in range(1, size.hosts + 1)]
        tree = domains(cloud, shares)
        tenants = owners(cloud, shares, tree, await hash_password(PASSWORD))
        wires = networks(cloud, self._places, shares, tenants)
        instances = Instances(cloud, self._places, shares, wires, hosts)
        instances.plan()
        if self._fleet is not None:
            instances.fleet = await self._fleet_state(self._fleet, hosts)
        await write_all(cloud.store, host_txns(cloud, self._places, hosts, instances.loads, self._at_once))
        await write_all(cloud.store, owner_txns(cloud, tree, tenants, instances.used, self._at_once))
        await write_all(cloud.store, network_txns(cloud, wires, self._at_once))
        await self._take_space(instances.allocated)
        screen.step(f"{size.vms:,} instances with {size.volumes:,} volumes")
        with screen.bar(size.vms) as advance:
            await write(cloud.store, instances.txns(self._at_once), advance)
        if instances.fleet is not None:
            instances.fleet.close()
        if size.events:
            screen.step(f"{size.events:,} events")
            with screen.bar(size.events) as advance:
                await events(cloud, size.events, advance)
        await self._index()
        return self._told(tenants, wires)

    async def _fleet_state(self, where: FleetFolder, hosts: list[HostRow]) -> FleetState:
        """With pools, templates and mounts in it."""
        zones = self._places.zones
        state = FleetState(where, hosts, {zone.pool.id: zone.pool.uuid for zone in zones})
        pools = {zone.row.id: zone.pool.id for zone in zones}
        for host in hosts:
            state.host(host, [pools[host.zone_id]])
        for pool_id in pools.values():
            for copy in await self._cloud.store.rows(OF_POOL, pool_id):
                state.template(copy)
        stores = {store.id: store for store in await self._cloud.snapshots.of(ImageStoreRow)}
        names = {template.id: template.unique_name for template in self._places.templates}
        for on_store in await self._cloud.store.rows(ALL_STORES):
            if on_store.template_id in names:
                state.image(stores[on_store.store_id].url, names[on_store.template_id], on_store)
        return state

    async def _index(self) -> None:
        """What a running server's reconciler would do by and by."""
        if self._cloud.store.dialect == "sqlite":
            self._screen.step("the index of names")
            for each in movings():
                await move(self._cloud, each, INDEXED_AT_ONCE, 1)

    async def _reserve_ids(self) -> None:
        size = self._size
        counts = {
            "host": size.hosts, "domain": size.domains, "account": size.accounts, "users": size.accounts,
            "network": size.networks, "guest_vlan": size.networks, "vm": size.vms, "volume": size.volumes,
            "nic": size.vms, "event": size.events, "api_key": 10,
        }  # fmt: skip
        for name, count in counts.items():
            await self._cloud.row_ids.reserve(name, count)

    async def _take_space(self, allocated: list[int]) -> None:
        txn = TxnSpec("seed.space")
        for zone, taken in zip(self._places.zones, allocated, strict=True):
            on_pool = sum(template.size_bytes for template in self._places.templates)
            txn.add(TAKE, zone.pool.id, taken + on_pool)
        await self._cloud.store.submit(txn)

    def _told(self, tenants: list[Owner], wires: list[Wire]) -> dict[str, Any]:
        places = self._places
        return {
            "accounts": [
                {
                    "name": owner.account.name,
                    "id": owner.account.uuid,
                    "type": owner.account.type,
                    "domain_path": owner.chain,
                    "api_key": f"key-{owner.user.username}",
                    "secret_key": f"secret-{owner.user.username}",
                }
                for owner in tenants[:6]
            ],
            "zones": [zone.row.uuid for zone in places.zones],
            "templates": [template.uuid for template in places.templates],
            "offerings": [offering.uuid for offering in places.offerings],
            "networks": [wire.row.uuid for wire in wires[:5]],
        }
