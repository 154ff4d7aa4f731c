"""destroySystemVm: the VM, its disk, its addresses and its agent's row are gone; the cloud makes another one."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.agent_of_vm import disconnect_agent, remove_agent
from lakh.resources.network.cached import Networks
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.erase import erase_on_hosts, root_disks
from lakh.resources.vm.halt import HaltState, host_is_away, release_host, stop_on_host, stopping, unstopping
from lakh.resources.vm.states import GONE, move
from lakh.resources.vm.system_access import admitted_system, finish_with_system, system_vm
from lakh.resources.vm.system_end import end_system_vm, give_addresses_back
from lakh.resources.vm.system_view import SystemVmView
from lakh.resources.vm.viewers import Viewers
from lakh.store.statement import TxnSpec


async def expunging(run: Run[HaltState]) -> TxnSpec:
    """Off its host, and Expunging: there is no way back."""
    cloud, txn = run.cloud, TxnSpec("vm.system_expunging")
    vm = await current_vm(run)
    if vm.state == "Stopping":
        vm = release_host(run, vm, txn, "OperationSucceeded")
    if vm.state not in GONE:
        vm = move(txn, vm, "DestroyRequested", cloud.now_ms())
    if vm.state != "Expunging":
        move(txn, vm, "ExpungeOperation", cloud.now_ms())
    return txn


async def erase(run: Run[HaltState]) -> None:
    """Deletes its disk's file."""
    vm = await current_vm(run)
    await disconnect_agent(run.cloud, vm)
    await erase_on_hosts(run, vm, await root_disks(run.cloud, vm))


async def publish(run: Run[HaltState]) -> TxnSpec:
    """The end of all its rows, and the job's result."""
    cloud, txn = run.cloud, TxnSpec("vm.system_destroyed")
    vm = await current_vm(run)
    await finish_with_system(run, vm)
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    networks = await cloud.part(Networks).many(nic.network_id for nic in nics)
    addresses = await end_system_vm(cloud, vm, txn)
    await remove_agent(cloud, vm, txn)
    run.when_committed(lambda: give_addresses_back(cloud, vm, nics, networks, addresses))
    run.when_committed(lambda: cloud.part(Viewers).forget(vm.id))
    return txn


class DestroySystemVm(
    JobCommand,
    roles=ADMIN,
    answer=SystemVmView,
    java_class="org.apache.cloudstack.api.command.admin.systemvm.DestroySystemVmCmd",
    event="SSVM.DESTROY",
    instance_type="SystemVm",
):
    """Destroys a system VM for good. The cloud makes a new one where the zone needs it."""

    id: Id = param("the system VM", required=True, entity="vm")

    FLOW = Flow(
        HaltState,
        Step("stopping", stopping, unstopping, commits=True),
        Step("stop", stop_on_host),
        Step("expunging", expunging, commits=True),
        Step("erase", erase),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        vm = await system_vm(call, self.id)
        state = HaltState(vm_id=vm.id, forced=host_is_away(call.cloud, vm))
        return admitted_system(self, vm, state, "destroying system VM")
