"""Scenarios of volumes that move from pool to pool."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import data_disk, deployed, detached_disk, disks_of, files_of, second_pool, stopped
from tests.flows.server import Server

from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.volume.row import VolumeRow


async def _moving(server: Server, volume: VolumeRow, *, live: bool = False) -> Case:
    """Its file is on one pool, which the row names, and no trace of it is on the other."""
    source, target = await server.row(StoragePoolRow, volume.pool_id or 0), await second_pool(server)

    async def end_old_file() -> None:
        """Where a host would not delete it, it is a volume to be expunged."""
        for left in await server.all(VolumeRow):
            if left.path == volume.path and left.id != volume.id:
                assert (left.state, left.pool_id) == ("Expunging", source.id)
                await server.call("expungeVolume", id=left.id)
                await server.world.check()

    async def is_on(pool: StoragePoolRow) -> bool:
        row = await server.row(VolumeRow, volume.id)
        assert (row.state, row.vm_id, row.device_id) == ("Ready", volume.vm_id, volume.device_id)
        return row.pool_id == pool.id and files_of(server, volume) == {pool.uuid: volume.size_bytes}

    async def succeeded() -> None:
        await end_old_file()
        assert await is_on(target)

    async def failed() -> None:
        await end_old_file()
        assert await is_on(target) or await is_on(source)

    return Case({"volumeid": volume.id, "storageid": target.id, "livemigrate": live}, succeeded, failed)


@scenario("migrateVolume")
async def move_a_detached_disk(server: Server) -> Case:
    return await _moving(server, await detached_disk(server))


@scenario("migrateVolume")
async def move_a_root_disk_at_rest(server: Server) -> Case:
    return await _moving(server, (await disks_of(server, await stopped(server)))[0])


@scenario("migrateVolume")
async def move_under_a_running_vm(server: Server) -> Case:
    return await _moving(server, await data_disk(server, await deployed(server)), live=True)
