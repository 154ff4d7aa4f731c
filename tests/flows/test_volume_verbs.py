"""Every flow of a volume, and of a system VM, at every step: it fails, the server dies, nothing is left half done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
from tests.blank import blank
from tests.flows.server import Server
from tests.flows.test_deploy import deployment

from lakh.base.errors import ResourceUnavailableError
from lakh.healing.system_vms import SystemVms
from lakh.healing.volume_expunge import VolumeExpunge
from lakh.jobs.execution import Crash
from lakh.jobs.row import FAILED, SUCCEEDED
from lakh.resources.configuration.row import INSERT as INSERT_SETTING
from lakh.resources.configuration.row import ConfigurationRow
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.row import INSERT as INSERT_OFFERING
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.storage_pool.connect import modify_command
from lakh.resources.storage_pool.row import INSERT as INSERT_POOL
from lakh.resources.storage_pool.row import INSERT_CAPACITY, StoragePoolCapacityRow, StoragePoolRow
from lakh.resources.vm.create_system import CreateSystemVm
from lakh.resources.vm.destroy_system import DestroySystemVm
from lakh.resources.vm.migrate_system import MigrateSystemVm
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.start_system import StartSystemVm
from lakh.resources.vm.stop_system import StopSystemVm
from lakh.resources.volume.attach import AttachVolume
from lakh.resources.volume.create import CreateVolume
from lakh.resources.volume.destroy import DestroyVolume
from lakh.resources.volume.detach import DetachVolume
from lakh.resources.volume.migrate import MigrateVolume
from lakh.resources.volume.resize import ResizeVolume
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import TxnSpec, select

GIB = 1 << 30
DISK = select("test.newest_disk", VolumeRow, "WHERE type = 'DATADISK' ORDER BY id DESC LIMIT 1")
USERS = select("test.newest_user_vm", VmRow, "WHERE type = 'User' ORDER BY id DESC LIMIT 1")
SYSTEM = select("test.newest_system_vm", VmRow, "WHERE type <> 'User' ORDER BY id DESC LIMIT 1")


async def disk(server: Server) -> VolumeRow:
    return (await server.store.rows(DISK))[0]


async def vm_and_disk(server: Server) -> tuple[VmRow, VolumeRow]:
    """A running VM, and a disk on paper."""
    made = server.world.made
    await server.run(deployment(server))
    await server.run(CreateVolume(zoneid=made.zone.id, diskofferingid=made.disk_offering.id))
    return (await server.store.rows(USERS))[0], await disk(server)


async def attach(server: Server) -> Any:
    vm, volume = await vm_and_disk(server)
    return AttachVolume(id=volume.id, virtualmachineid=vm.id)


async def attached(server: Server) -> tuple[VmRow, VolumeRow]:
    vm, volume = await vm_and_disk(server)
    await server.run(AttachVolume(id=volume.id, virtualmachineid=vm.id))
    return vm, await disk(server)


async def detach(server: Server) -> Any:
    _, volume = await attached(server)
    return DetachVolume(id=volume.id)


async def resize(server: Server) -> Any:
    _, volume = await attached(server)
    return ResizeVolume(id=volume.id, diskofferingid=await larger(server))


async def larger(server: Server) -> int:
    """Another offering, of more GiB."""
    row = blank(server.cloud, DiskOfferingRow, name="Larger", display_text="9 GiB", disk_bytes=9 * GIB, state="Active",
                storage_type="shared", provisioning_type="thin")  # fmt: skip
    await server.store.submit(TxnSpec("test.offering").put(INSERT_OFFERING, row))
    return row.id


async def second_pool(server: Server) -> int:
    made = server.world.made
    pool = blank(
        server.cloud, StoragePoolRow, name="second", type="NetworkFilesystem", scope="ZONE", status="Up",
        provider="DefaultPrimary", hypervisor="KVM", zone_id=made.zone.id, host_address="192.0.2.20",
        path="/export/second", port=2049, capacity_bytes=made.pool.capacity_bytes,
    )  # fmt: skip
    txn = TxnSpec("test.pool").put(INSERT_POOL, pool)
    txn.put(INSERT_CAPACITY, StoragePoolCapacityRow(pool.id, pool.capacity_bytes * 2, 0, 0))
    await server.store.submit(txn)
    for host_id in server.hosts.hosts:
        await server.hosts.call(host_id, [modify_command(pool)])
    return pool.id


async def migrate(server: Server) -> Any:
    _, volume = await attached(server)
    await server.run(DetachVolume(id=volume.id))
    return MigrateVolume(volumeid=volume.id, storageid=await second_pool(server))


async def migrate_live(server: Server) -> Any:
    _, volume = await attached(server)
    return MigrateVolume(volumeid=volume.id, storageid=await second_pool(server), livemigrate=True)


async def destroy(server: Server) -> Any:
    _, volume = await attached(server)
    await server.run(DetachVolume(id=volume.id))
    return DestroyVolume(id=volume.id, expunge=True)


async def create_system(server: Server) -> Any:
    return CreateSystemVm(zoneid=server.world.made.zone.id, type="SecondaryStorageVm")


async def system_vm(server: Server) -> VmRow:
    await server.run(await create_system(server))
    return (await server.store.rows(SYSTEM))[0]


async def start_system(server: Server) -> Any:
    vm = await system_vm(server)
    await server.run(StopSystemVm(id=vm.id))
    return StartSystemVm(id=vm.id)


async def stop_system(server: Server) -> Any:
    return StopSystemVm(id=(await system_vm(server)).id)


async def destroy_system(server: Server) -> Any:
    return DestroySystemVm(id=(await system_vm(server)).id)


async def migrate_system(server: Server) -> Any:
    return MigrateSystemVm(virtualmachineid=(await system_vm(server)).id)


class Verb(NamedTuple):
    """A command's class, and what prepares the world and makes an instance of it."""

    command: Any
    make: Callable[[Server], Awaitable[Any]]


VERBS = {
    "attach": Verb(AttachVolume, attach),
    "detach": Verb(DetachVolume, detach),
    "resize": Verb(ResizeVolume, resize),
    "migrate": Verb(MigrateVolume, migrate),
    "migrate live": Verb(MigrateVolume, migrate_live),
    "destroy": Verb(DestroyVolume, destroy),
    "create system VM": Verb(CreateSystemVm, create_system),
    "start system VM": Verb(StartSystemVm, start_system),
    "stop system VM": Verb(StopSystemVm, stop_system),
    "destroy system VM": Verb(DestroySystemVm, destroy_system),
    "migrate system VM": Verb(MigrateSystemVm, migrate_system),
}
STEPS = [(name, step.name) for name, verb in VERBS.items() for step in verb.command.FLOW.steps]


async def tidied(server: Server) -> None:
    """What the reconcilers make of it; then store, memory and hosts must agree."""
    server.probe = None
    setting = ConfigurationRow(server.cloud.id("configuration"), "storage.cleanup.delay", "Global", 0, "-1", 0)
    await server.store.submit(TxnSpec("test.setting").put(INSERT_SETTING, setting))
    await server.cloud.part(Settings).refresh()
    await VolumeExpunge().run(server.cloud)
    await SystemVms().run(server.cloud)
    while jobs := list(server.cloud.worker._live):
        await server.cloud.worker.wait(jobs[0])
    await server.world.check()


@pytest.mark.parametrize("name", VERBS)
async def test_it_works(server: Server, name: str) -> None:
    job = await server.run(await VERBS[name].make(server))
    assert job.status == SUCCEEDED
    await tidied(server)


@pytest.mark.parametrize(("name", "step"), STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_failed_step_leaves_nothing_half_done(server: Server, name: str, step: str, when: str) -> None:
    verb = VERBS[name]
    command = await verb.make(server)

    def fail(now: str, job: Any, done: str) -> None:
        if (now, done, job.command) == (when, step, verb.command.SPEC.name):
            raise ResourceUnavailableError("the test says no")

    server.probe = fail
    job = await server.run(command)
    assert job.status == FAILED
    await tidied(server)


@pytest.mark.parametrize(("name", "step"), STEPS)
@pytest.mark.parametrize("when", ["before", "after", "committed"])
async def test_a_crash_loses_nothing(server: Server, name: str, step: str, when: str) -> None:
    verb, dead = VERBS[name], []
    command = await verb.make(server)

    def crash(now: str, job: Any, done: str) -> None:
        if (now, done, job.command) == (when, step, verb.command.SPEC.name) and not dead:
            dead.append(step)
            raise Crash

    server.probe = crash
    job = await server.run(command)
    if dead:
        await server.crash()
        job = await server.ended(job.uuid)
    assert job.status == SUCCEEDED
    await tidied(server)
