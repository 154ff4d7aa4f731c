"""Scenarios of data disks: made, attached, detached, changed, destroyed."""

from __future__ import annotations

from tests.flows.scenario import Case, command_of, scenario
from tests.flows.scenarios.parts import (
    GIB,
    account_of,
    data_disk,
    deployed,
    deployment,
    detached_disk,
    disk_offering,
    disk_on_paper,
    disks_of,
    files_of,
    fresh,
    stopped,
)
from tests.flows.server import Server

from lakh.jobs.row import FAILED
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.limit.row import ACCOUNT, ResourceCountRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow


async def _now(server: Server, volume: VolumeRow) -> VolumeRow:
    return await server.row(VolumeRow, volume.id)


# --- created ---------------------------------------------------------------------------------------------------------
@scenario("createVolume")
async def create(server: Server) -> Case:
    """A user's disk: counted, and nothing on any pool."""
    account, caller = await account_of(server)
    made, name = server.world.made, fresh("disk")

    async def volume() -> VolumeRow:
        return next(v for v in await server.all(VolumeRow) if v.name == name)

    async def succeeded() -> None:
        row = await volume()
        assert (row.state, row.account_id, row.size_bytes) == ("Allocated", account.id, made.disk_offering.disk_bytes)
        assert not files_of(server, row)
        counts = await server.all(ResourceCountRow)
        count = next(c for c in counts if (c.owner_kind, c.owner_id) == (ACCOUNT, account.id))
        assert (count.volume, count.primary_storage) == (1, made.disk_offering.disk_bytes)

    return Case({"zoneid": made.zone.id, "diskofferingid": made.disk_offering.id, "name": name}, succeeded, succeeded,
                caller)  # fmt: skip


@scenario("createVolume")
async def create_and_attach(server: Server) -> Case:
    vm, name = await deployed(server), fresh("disk")
    made = server.world.made

    async def volume() -> VolumeRow:
        return next(v for v in await server.all(VolumeRow) if v.name == name)

    async def succeeded() -> None:
        row = await volume()
        assert (row.state, row.vm_id, row.device_id) == ("Ready", vm.id, 2)
        assert files_of(server, row) == {made.pool.uuid: made.disk_offering.disk_bytes}

    async def failed() -> None:
        """It is there all the same, attached or not."""
        row = await volume()
        assert (row.state, row.vm_id) in (("Ready", vm.id), ("Allocated", None))

    parameters = {"zoneid": made.zone.id, "diskofferingid": made.disk_offering.id, "name": name}
    return Case({**parameters, "virtualmachineid": vm.id}, succeeded, failed)


# --- attached --------------------------------------------------------------------------------------------------------
def _attaching(server: Server, vm: VmRow, volume: VolumeRow, state_before: str, state_after: str) -> Case:
    async def succeeded() -> None:
        row = await _now(server, volume)
        assert (row.state, row.vm_id, row.device_id) == (state_after, vm.id, 2)
        assert bool(files_of(server, row)) == (state_after == "Ready")

    async def failed() -> None:
        row = await _now(server, volume)
        assert (row.state, row.vm_id, row.device_id) == (state_before, None, None)
        assert bool(files_of(server, row)) == (state_before == "Ready")

    return Case({"id": volume.id, "virtualmachineid": vm.id}, succeeded, failed)


@scenario("attachVolume")
async def attach_a_new_disk(server: Server) -> Case:
    """Its file is made for a VM that runs."""
    return _attaching(server, await deployed(server), await disk_on_paper(server), "Allocated", "Ready")


@scenario("attachVolume")
async def attach_a_used_disk(server: Server) -> Case:
    volume = await detached_disk(server)
    return _attaching(server, await deployed(server), volume, "Ready", "Ready")


@scenario("attachVolume")
async def attach_to_a_stopped_vm(server: Server) -> Case:
    return _attaching(server, await stopped(server), await disk_on_paper(server), "Allocated", "Ready")


@scenario("attachVolume")
async def attach_to_one_that_never_ran(server: Server) -> Case:
    """Nothing is made: its first start makes all its disks."""
    made = server.world.made
    parameters = deployment(server, startvm=False, diskofferingid=made.disk_offering.id)
    vm = await server.find(VmRow, (await server.call("deployVirtualMachine", **parameters))["id"])
    return _attaching(server, vm, await disk_on_paper(server), "Allocated", "Allocated")


@scenario("attachVolume")
async def attach_the_root_disk(server: Server) -> Case:
    """Back to the VM that it was taken from, which does not start without it."""
    vm = await stopped(server)
    root = (await disks_of(server, vm))[0]
    await server.call("detachVolume", id=root.id)
    refused = await server.run(command_of("startVirtualMachine", {"id": vm.id}))
    assert (refused.status, "root disk" in (refused.result_json or "")) == (FAILED, True)

    async def succeeded() -> None:
        row = await _now(server, root)
        assert (row.state, row.vm_id, row.device_id) == ("Ready", vm.id, 0)
        await server.call("startVirtualMachine", id=vm.id)
        await server.world.check()

    async def failed() -> None:
        row = await _now(server, root)
        assert (row.state, row.vm_id, row.device_id) == ("Ready", None, None)

    return Case({"id": root.id, "virtualmachineid": vm.id, "deviceid": 0}, succeeded, failed)


# --- detached --------------------------------------------------------------------------------------------------------
def _detaching(server: Server, vm: VmRow, volume: VolumeRow) -> Case:
    async def succeeded() -> None:
        row = await _now(server, volume)
        assert (row.state, row.vm_id, row.device_id) == ("Ready", None, None)
        assert files_of(server, row)

    async def failed() -> None:
        row = await _now(server, volume)
        assert (row.state, row.vm_id, row.device_id) == ("Ready", vm.id, volume.device_id)

    return Case({"id": volume.id}, succeeded, failed)


@scenario("detachVolume")
async def detach(server: Server) -> Case:
    vm = await deployed(server)
    return _detaching(server, vm, await data_disk(server, vm))


@scenario("detachVolume")
async def detach_from_a_stopped_vm(server: Server) -> Case:
    vm = await stopped(server)
    return _detaching(server, vm, await data_disk(server, vm))


@scenario("detachVolume")
async def detach_the_root_disk(server: Server) -> Case:
    """Possible at rest, and it can be put back."""
    vm = await stopped(server)
    root = (await disks_of(server, vm))[0]

    async def attached() -> bool:
        return (await _now(server, root)).vm_id == vm.id

    async def succeeded() -> None:
        assert not await attached()

    async def failed() -> None:
        assert await attached()

    return Case({"id": root.id}, succeeded, failed)


# --- resized ---------------------------------------------------------------------------------------------------------
def _resizing(server: Server, volume: VolumeRow, offering: DiskOfferingRow) -> Case:
    """A job that fails leaves the old size or the new one, on both sides: World.check compares them."""
    before, after = (volume.disk_offering_id, volume.size_bytes), (offering.id, offering.disk_bytes)
    state = volume.state

    async def succeeded() -> None:
        row = await _now(server, volume)
        assert (row.state, row.disk_offering_id, row.size_bytes) == (state, *after)

    async def failed() -> None:
        row = await _now(server, volume)
        assert row.state == state
        assert (row.disk_offering_id, row.size_bytes) in (before, after)

    shrinks = offering.disk_bytes < volume.size_bytes
    return Case({"id": volume.id, "diskofferingid": offering.id, "shrinkok": shrinks}, succeeded, failed)


@scenario("resizeVolume")
async def grow_under_a_running_vm(server: Server) -> Case:
    vm = await deployed(server)
    return _resizing(server, await data_disk(server, vm), await disk_offering(server, 9))


@scenario("resizeVolume")
async def grow_under_a_stopped_vm(server: Server) -> Case:
    vm = await stopped(server)
    return _resizing(server, await data_disk(server, vm), await disk_offering(server, 9))


@scenario("resizeVolume")
async def shrink_a_detached_disk(server: Server) -> Case:
    return _resizing(server, await detached_disk(server), await disk_offering(server, 2))


@scenario("resizeVolume")
async def grow_on_paper(server: Server) -> Case:
    return _resizing(server, await disk_on_paper(server), await disk_offering(server, 9))


@scenario("resizeVolume")
async def resize_the_root_disk(server: Server) -> Case:
    """By its size alone."""
    vm = await deployed(server)
    root = (await disks_of(server, vm))[0]

    async def size() -> int:
        return (await _now(server, root)).size_bytes

    async def succeeded() -> None:
        assert await size() == 12 * GIB

    async def failed() -> None:
        assert await size() in (root.size_bytes, 12 * GIB)

    return Case({"id": root.id, "size": 12}, succeeded, failed)


# --- changed ---------------------------------------------------------------------------------------------------------
@scenario("updateVolume")
async def update(server: Server) -> Case:
    volume = await detached_disk(server)

    async def known() -> tuple[str, bool]:
        row = await _now(server, volume)
        return row.name, row.delete_protection

    async def succeeded() -> None:
        assert await known() == ("renamed", True)

    async def failed() -> None:
        assert await known() == (volume.name, False)

    return Case({"id": volume.id, "name": "renamed", "deleteprotection": True}, succeeded, failed)


# --- destroyed -------------------------------------------------------------------------------------------------------
@scenario("destroyVolume")
async def destroy(server: Server) -> Case:
    """Destroyed, it has its file still, and comes back with it."""
    volume = await detached_disk(server)

    async def succeeded() -> None:
        assert (await _now(server, volume)).state == "Destroy"
        await server.call("recoverVolume", id=volume.id)
        await server.world.check()
        assert (await _now(server, volume)).state == "Ready"

    async def failed() -> None:
        assert (await _now(server, volume)).state in ("Ready", "Destroy")

    return Case({"id": volume.id}, succeeded, failed)


async def _gone(server: Server, volume: VolumeRow) -> None:
    row = await _now(server, volume)
    assert (row.state, row.pool_id, row.removed_ms is None) == ("Expunged", None, False)
    assert not files_of(server, row)


async def _recoverable_or_going(server: Server, volume: VolumeRow) -> None:
    """What can still be recovered has its file; anything else is expunged in the end."""
    row = await _now(server, volume)
    if row.removed_ms is None:
        assert row.state in ("Ready", "Destroy", "Expunging")
        assert row.state == "Expunging" or files_of(server, row)
        if row.state == "Ready":
            await server.call("destroyVolume", id=volume.id)
        await server.call("expungeVolume", id=volume.id)
    await server.world.check()
    await _gone(server, volume)


@scenario("destroyVolume")
async def destroy_for_good(server: Server) -> Case:
    volume = await detached_disk(server)

    async def succeeded() -> None:
        await _gone(server, volume)

    async def failed() -> None:
        await _recoverable_or_going(server, volume)

    return Case({"id": volume.id, "expunge": True}, succeeded, failed)


@scenario("expungeVolume")
async def expunge(server: Server) -> Case:
    volume = await detached_disk(server)
    await server.call("destroyVolume", id=volume.id)

    async def succeeded() -> None:
        await _gone(server, volume)

    async def failed() -> None:
        await _recoverable_or_going(server, volume)

    return Case({"id": volume.id}, succeeded, failed)


@scenario("expungeVolume")
async def expunge_one_on_paper(server: Server) -> Case:
    volume = await disk_on_paper(server)
    await server.call("destroyVolume", id=volume.id)

    async def succeeded() -> None:
        await _gone(server, volume)

    async def failed() -> None:
        assert (await _now(server, volume)).state in ("Destroy", "Expunging")

    return Case({"id": volume.id}, succeeded, failed)
