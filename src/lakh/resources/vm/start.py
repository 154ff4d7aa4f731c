"""startVirtualMachine: the launch of a VM that was stopped, where it last ran if that host has room."""

from __future__ import annotations

from functools import partial

import msgspec

from lakh.base.errors import InternalError, ParameterError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.account.cached import Accounts
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.index import HostIndex
from lakh.resources.storage_pool.row import GIVE_BACK
from lakh.resources.vm.access import admitted, finish_with, user_vm
from lakh.resources.vm.launch import (
    LaunchState,
    create_disks,
    delete_new_disks,
    forget_reservation,
    prepare_network,
    reserve,
    running,
    start,
    unreserve,
    unstart,
    vm_of,
    volumes_of,
)
from lakh.resources.vm.planner import check_planner
from lakh.resources.vm.reservation import end, forget, reservation_of
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.view import UserVmView
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import OFF_POOL
from lakh.store.statement import TxnSpec


async def begin(run: Run[LaunchState]) -> TxnSpec:
    """Checks the state, then reserves."""
    vm = await vm_of(run)
    if vm.state == "Running":
        raise InternalError(f"The Instance {vm.uuid} ({vm.name}) is already running")
    if vm.state not in ("Stopped", "Starting"):
        raise InternalError(f"Unable to start Instance {vm.uuid}: it is {vm.state}, and only a stopped one starts")
    if all(volume.type != "ROOT" for volume in await volumes_of(run)):
        raise InternalError(f"Unable to start Instance {vm.uuid}: its root disk is detached; attach it with deviceid 0")
    return await reserve(run)


async def publish(run: Run[LaunchState]) -> TxnSpec:
    """Running, its place on another host given back, and the job's result."""
    cloud, state = run.cloud, run.state
    txn = running(cloud, state)
    vm = await vm_of(run)
    if (elsewhere := await reservation_of(cloud, vm)) is not None:
        end(txn, elsewhere)
        run.when_committed(partial(forget, cloud, elsewhere))
    vm = msgspec.structs.replace(vm, state="Running", host_id=state.host_id, last_host_id=state.host_id)
    await finish_with(run, vm, password=state.password)
    return txn


async def give_back(run: Run[LaunchState]) -> TxnSpec:
    """Volumes that only this launch put on a pool are Allocated again."""
    cloud, txn = run.cloud, TxnSpec("vm.start.failed")
    vm = await vm_of(run)
    forget_reservation(run, vm)
    await delete_new_disks(run)
    for volume in await cloud.store.rows(VOLUMES_OF_VM, run.state.vm_id):
        if volume.pool_id is not None and volume.path is None:
            txn.add(OFF_POOL, volume.id, cloud.now_ms())
            txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
    return txn


class StartVirtualMachine(
    JobCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.StartVMCmdByAdmin",
    event="VM.START",
    instance_type="VirtualMachine",
):
    """Starts a stopped Instance."""

    id: Id = param("the Instance", required=True, entity="vm")
    hostid: Id | None = param("the host to start it on (admins)", entity="host", since="3.0.1")
    podid: Id | None = param("the pod to start it in (admins)", entity="pod")
    clusterid: Id | None = param("the cluster to start it in (admins)", entity="cluster")
    deploymentplanner: str | None = param("the planner that picks the host", since="4.4", roles=["Admin"])
    considerlasthost: bool = param("prefer the host it last ran on", since="4.18.0", roles=["Admin"], default=True)
    bootintosetup: bool = param("boot into the firmware's menu; not for KVM", default=False, since="4.15.0.0")

    FLOW = Flow(
        LaunchState,
        Step("reserve", begin, unreserve, commits=True),
        Step("network", prepare_network),
        Step("disks", create_disks),
        Step("start", start, unstart),
        Step("publish", publish, commits=True),
        failed=give_back,
    )

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        if self.bootintosetup and vm.hypervisor == "KVM":
            raise ParameterError("bootintosetup: KVM hosts cannot boot an Instance into its firmware's menu")
        await check_owner(call.cloud, vm)
        check_planner(call.cloud, self.deploymentplanner)
        if not call.caller.is_root_admin and (self.hostid, self.podid, self.clusterid) != (None, None, None):
            raise PermissionDeniedError("Parameters hostid, podid and clusterid are for root admins only")
        if self.hostid is not None and self.hostid not in call.cloud.part(HostIndex).facts:
            raise ParameterError("Unable to find the host to start the Instance on by hostid")
        state = LaunchState(
            vm_id=vm.id,
            wanted_host_id=self.hostid,
            wanted_pod_id=self.podid,
            wanted_cluster_id=self.clusterid,
            planner=self.deploymentplanner,
            last_host=self.considerlasthost,
            password=vm.password if vm.password_pending else None,
        )
        return admitted(self, vm, state, "starting Instance")


async def check_owner(cloud: Cloud, vm: VmRow) -> None:
    """Nothing of a disabled account starts. Raises PermissionDeniedError."""
    owner = await cloud.part(Accounts).get(vm.account_id)
    if owner is None or owner.state == "disabled":
        raise PermissionDeniedError(f"The owner of Instance {vm.uuid} is disabled")
