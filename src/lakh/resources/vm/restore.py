"""restoreVirtualMachine: a fresh root disk of the VM's template, or of another one.

The new disk's row stands beside the old one's end; the file is made at the next start, as for any new VM. A running VM
is stopped before and started after.
"""

from __future__ import annotations

from lakh.base.errors import InternalError, ResourceUnavailableError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id, Long
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.cached import Accounts
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.host.reach import must
from lakh.resources.limit.charge import charge_owner, limit_error
from lakh.resources.limit.row import Usage
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.guest_access import password_for
from lakh.resources.vm.new_disks import new_volume, root_disk_bytes
from lakh.resources.vm.usable import check_offering, check_template, live
from lakh.resources.vm.view import UserVmView
from lakh.resources.volume.end import end_volume
from lakh.resources.volume.on_pool import delete_command
from lakh.resources.volume.row import BY_ID as VOLUME_BY_ID
from lakh.resources.volume.row import DOOM
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

log = logger(__name__)

RESTORE = statement(
    "vm.restore",
    "UPDATE vm SET template_id = $2, os_type_id = $3, password = $4, password_pending = $5, updated_ms = $6"
    " WHERE id = $1 AND state = 'Stopped' AND removed_ms IS NULL",
)


class RestoreState(State):
    """`old_id` is the disk that goes; `was_running`: start it again; None until that is known."""

    vm_id: int
    template_id: int
    size_bytes: int
    offering_id: int | None = None
    password: str | None = None
    was_running: bool | None = None
    old_id: int = 0


async def look(run: Run[RestoreState]) -> TxnSpec:
    """Remembers whether the VM runs."""
    vm = await current_vm(run)
    if vm.state not in ("Running", "Stopped"):
        raise InternalError(f"Unable to restore Instance {vm.uuid}: it is {vm.state}")
    run.state.was_running = vm.state == "Running"
    return TxnSpec("vm.restoring")


async def stop(run: Run[RestoreState]) -> None:
    if run.state.was_running:
        await run.child("stopVirtualMachine", "stop", id=run.state.vm_id)


async def swap(run: Run[RestoreState]) -> TxnSpec:
    """The new disk in place of the old one, which counts no more."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    template = (await cloud.snapshots.of(TemplateRow)).by_id[state.template_id]
    offering = (await cloud.snapshots.of(DiskOfferingRow)).by_id.get(state.offering_id or 0)
    old = next(v for v in await cloud.store.rows(VOLUMES_OF_VM, vm.id) if v.type == "ROOT")
    new = new_volume(cloud, vm, 0, state.size_bytes, offering, template_id=template.id)
    state.old_id = old.id
    txn, usage = TxnSpec("vm.restore"), Usage(primary_storage=new.size_bytes - old.size_bytes)
    await charge_owner(cloud, txn, vm.account_id, vm.domain_id, usage)
    attempts = run.memory["attempts"] = run.memory.get("attempts", 0) + 1
    if attempts > 1:  # the store refused: say so, if it was a limit
        guard = GuardFailedError("vm.restore", "resource_count.charge", 1, 0)
        error = await limit_error(cloud, guard, vm.account_id, vm.domain_id, usage)
        if error is not guard:
            raise error
    txn.put(INSERT_VOLUME, new)
    txn.add(DOOM, old.id, old.state, "Expunging", cloud.now_ms(), old.vm_id or 0, old.size_bytes)
    password = state.password or vm.password
    pending = state.password is not None or vm.password_pending
    return txn.add(RESTORE, vm.id, template.id, template.os_type_id, password, pending, cloud.now_ms())


async def erase(run: Run[RestoreState]) -> None:
    """Deletes the old disk's file. Where that cannot be now, the disk stays Expunging and is cleaned up later."""
    cloud = run.cloud
    old = (await cloud.store.rows(VOLUME_BY_ID, run.state.old_id))[0]
    if old.pool_id is None or old.removed_ms is not None:
        return
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[old.pool_id]
    vm = await current_vm(run)
    try:
        await must(cloud, endpoint(cloud, pool, vm.last_host_id), delete_command(old, pool))
    except (ResourceUnavailableError, HostUnreachableError) as error:
        log.warning("old root disk is left for later", volume=old.uuid, reason=str(error))
        run.state.old_id = 0


async def forget(run: Run[RestoreState]) -> TxnSpec:
    """The old disk's end."""
    txn = TxnSpec("vm.restored")
    if run.state.old_id:
        await end_volume(run.cloud, txn, (await run.cloud.store.rows(VOLUME_BY_ID, run.state.old_id))[0])
    return txn


async def start(run: Run[RestoreState]) -> None:
    if run.state.was_running:
        await run.child("startVirtualMachine", "start", id=run.state.vm_id)


async def publish(run: Run[RestoreState]) -> TxnSpec:
    await finish_with(run, await current_vm(run), password=run.state.password)
    return TxnSpec("vm.restore_done")


class RestoreVirtualMachine(
    JobCommand,
    answer=UserVmView,
    since="3.0.0",
    response="restorevmresponse",
    java_class="org.apache.cloudstack.api.command.admin.vm.RestoreVMCmdByAdmin",
    event="VM.RESTORE",
    instance_type="VirtualMachine",
):
    """Gives an Instance a fresh root disk. What was on the old one is lost; data disks stay."""

    virtualmachineid: Id = param("the Instance", required=True, entity="vm")
    templateid: Id | None = param("the template of the new disk; the Instance's own by default", entity="template")
    diskofferingid: Id | None = param("the offering of the new disk", entity="disk_offering", since="4.19.1")
    rootdisksize: Long | None = param("GiB of the new disk; as large as the old one by default", since="4.19.1")
    details: Details = param("details of the new disk", since="4.19.1")
    expunge: bool = param("remove the old disk at once, as is done in any case", default=False, since="4.19.1")

    FLOW = Flow(
        RestoreState,
        Step("look", look, commits=True),
        Step("stop", stop),
        Step("swap", swap, commits=True),
        Step("erase", erase),
        Step("forget", forget, commits=True),
        Step("start", start),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        vm = await user_vm(call, self.virtualmachineid, "virtualmachineid")
        owner = await cloud.part(Accounts).get(vm.account_id)
        assert owner is not None
        template = await live(cloud, TemplateRow, self.templateid or vm.template_id, "templateid")
        await check_template(call, template, owner, vm.zone_id)
        offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id[vm.service_offering_id]
        disk = None
        if self.diskofferingid is not None:
            disk = await live(cloud, DiskOfferingRow, self.diskofferingid, "diskofferingid")
            await check_offering(call, disk, owner, vm.zone_id)
        old = next((v for v in await cloud.store.rows(VOLUMES_OF_VM, vm.id) if v.type == "ROOT"), None)
        size_bytes = root_disk_bytes(offering, template, self.rootdisksize, disk)
        if self.rootdisksize is None and disk is None and old is not None:
            size_bytes = max(size_bytes, old.size_bytes)
        offering_id = disk.id if disk is not None else old.disk_offering_id if old is not None else None
        state = RestoreState(
            vm_id=vm.id,
            template_id=template.id,
            size_bytes=size_bytes,
            offering_id=offering_id,
            password=password_for(cloud, template, None),
        )
        return admitted(self, vm, state, "restoring Instance")
