"""Scenarios of pools and the hosts that connect them."""

from __future__ import annotations

import msgspec
from tests.flows.scenario import Case, scenario
from tests.flows.server import Server

from lakh.resources.event.row import EventRow
from lakh.resources.storage_pool.connect import ConnectedPools
from lakh.resources.storage_pool.row import StoragePoolCapacityRow, StoragePoolHostRow, StoragePoolRow


@scenario("attachStoragePool")
async def attach_a_pool(server: Server) -> Case:
    made = server.world.made
    pool = msgspec.structs.replace(
        made.pool,
        id=server.cloud.id("storage_pool"),
        uuid=server.cloud.uuid(),
        name="second",
        path="/export/second",
        status="Initialized",
    )
    hosts = sorted(host.id for host in made.hosts)

    async def succeeded() -> None:
        assert (await server.row(StoragePoolRow, pool.id)).status == "Up"
        rows = [row for row in await server.all(StoragePoolHostRow) if row.pool_id == pool.id]
        answered = {row.host_id for row in rows}
        assert answered, "a pool that no host has is not Up"
        connected = server.cloud.part(ConnectedPools)
        await connected.load()
        for host_id in hosts:
            assert (pool.id in connected.of(host_id)) == (host_id in answered)
            assert pool.uuid in server.hosts.hosts[host_id].hypervisor.pools or host_id not in answered

    async def failed() -> None:
        """As if it had never been, but for hosts that will not forget it: those are told of."""
        row = await server.row(StoragePoolRow, pool.id)
        assert (row.status, row.removed_ms is None) == ("Removed", False)
        assert [r for r in await server.all(StoragePoolCapacityRow) if r.pool_id == pool.id] == []
        assert [r for r in await server.all(StoragePoolHostRow) if r.pool_id == pool.id] == []
        keep = [host for host in server.hosts.hosts.values() if pool.uuid in host.hypervisor.pools]
        told = [event.description for event in await server.all(EventRow) if event.resource_uuid == pool.uuid]
        assert all(any(host.own_name in text and "stays mounted" in text for text in told) for host in keep)

    return Case({"row": msgspec.json.encode(pool).decode()}, succeeded, failed)


@scenario("cancelStorageMaintenance")
async def mount_a_pool_again(server: Server) -> Case:
    pool = server.world.made.pool
    await server.call("enableStorageMaintenance", id=pool.id)

    async def succeeded() -> None:
        """A host that will not is told of; the others have it."""
        assert (await server.row(StoragePoolRow, pool.id)).status == "Up"
        assert any(pool.uuid in host.hypervisor.pools for host in server.hosts.hosts.values())

    async def failed() -> None:
        assert (await server.row(StoragePoolRow, pool.id)).status in ("Maintenance", "Up")

    return Case({"id": pool.id}, succeeded, failed)
