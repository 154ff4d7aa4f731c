"""destroyVirtualMachine: stopped, Destroyed, and gone for good after `expunge.delay`, or at once with `expunge`.

Data disks that go with it leave it in the commit that gives it up, before any file is touched: Destroy as it is
Destroyed, and both can be recovered; Expunging where it is expunged, and neither can.
"""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.vm.access import admitted, current_vm, finish_with, may_expunge, user_vm
from lakh.resources.vm.erase import erase_on_hosts, give_up_vm, remove_vm, remove_volumes, root_disks
from lakh.resources.vm.halt import HaltState, stop_on_host, stopping, unstopping
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.view import UserVmView
from lakh.resources.volume.doom import doom
from lakh.resources.volume.row import BY_ID as VOLUME_BY_ID
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import TxnSpec


class DestroyState(HaltState):
    """`volume_ids` are data disks that go with the VM."""

    expunge: bool = False
    volume_ids: list[int] = []


async def destroy(run: Run[DestroyState]) -> TxnSpec:
    """Destroyed, or Expunging; from here on there is no way back to Running."""
    cloud, txn = run.cloud, TxnSpec("vm.destroy")
    vm = await current_vm(run)
    after = await give_up_vm(run, vm, txn, expunge=run.state.expunge)
    for volume in await cloud.store.rows(VOLUMES_OF_VM, vm.id):
        if volume.id in run.state.volume_ids:
            await doom(cloud, volume, txn, "Expunging" if after.state == "Expunging" else "Destroy")
    return txn


async def doomed(run: Run[DestroyState], vm: VmRow) -> list[VolumeRow]:
    """What ends with a VM that is expunged: its root disk, and the disks that were named."""
    if vm.state != "Expunging":
        return []
    named = [(await run.cloud.store.rows(VOLUME_BY_ID, volume_id))[0] for volume_id in run.state.volume_ids]
    ending = [volume for volume in named if volume.state == "Expunging" and volume.removed_ms is None]
    return [*await root_disks(run.cloud, vm), *ending]


async def erase(run: Run[DestroyState]) -> None:
    """Deletes the files that go with the VM."""
    vm = await current_vm(run)
    await erase_on_hosts(run, vm, await doomed(run, vm))


async def publish(run: Run[DestroyState]) -> TxnSpec:
    """The rows' end where there is one, and the job's result."""
    cloud, txn = run.cloud, TxnSpec("vm.destroyed")
    vm = await current_vm(run)
    await finish_with(run, vm)
    await remove_volumes(cloud, txn, await doomed(run, vm))
    if vm.state == "Expunging":
        await remove_vm(run, txn, vm)
    return txn


class DestroyVirtualMachine(
    JobCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.DestroyVMCmdByAdmin",
    event="VM.DESTROY",
    instance_type="VirtualMachine",
):
    """Destroys an Instance. Until it is expunged, an admin can recover it."""

    id: Id = param("the Instance", required=True, entity="vm")
    expunge: bool = param("remove it for good at once", default=False, since="4.2.1")
    forced: bool = param("count it as stopped whatever its host says", default=False, since="4.23.0", roles=["Admin"])
    volumeids: Ids = param("data disks of the Instance to delete with it", entity="volume", since="4.12.0")

    FLOW = Flow(
        DestroyState,
        Step("stopping", stopping, unstopping, commits=True),
        Step("stop", stop_on_host),
        Step("destroy", destroy, commits=True),
        Step("erase", erase),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        if self.expunge and not may_expunge(call, vm.account_id):
            raise PermissionDeniedError("Parameter expunge can be passed by admins only: the account may not expunge")
        if vm.delete_protection:
            raise ParameterError(f"Instance {vm.uuid} has delete protection; switch it off with updateVirtualMachine")
        await self._check_volumes(call, vm)
        state = DestroyState(
            vm_id=vm.id,
            forced=self.forced or call.cloud.part(Settings).flag("vm.destroy.forcestop"),
            expunge=self.expunge,
            volume_ids=sorted(set(self.volumeids)),
        )
        return admitted(self, vm, state, "destroying Instance")

    async def _check_volumes(self, call: Call, vm: VmRow) -> None:
        if not self.volumeids:
            return
        disks = {v.id: v for v in await call.cloud.store.rows(VOLUMES_OF_VM, vm.id)}
        for volume_id in self.volumeids:
            if volume_id not in disks or disks[volume_id].type != "DATADISK":
                raise ParameterError(f"volumeids: every one must be a data disk attached to Instance {vm.uuid}")
