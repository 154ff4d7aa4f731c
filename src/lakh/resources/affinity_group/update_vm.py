"""updateVMAffinityGroup: which groups a stopped VM is in, all of them anew."""

from __future__ import annotations

from lakh.base.errors import InternalError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids, Strings
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.cached import Accounts
from lakh.resources.affinity_group.choose import groups_for
from lakh.resources.affinity_group.row import INSERT_MEMBER, LEAVE_ALL, AffinityMemberRow
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.view import UserVmView
from lakh.store.statement import TxnSpec


class MembershipState(State):
    vm_id: int
    group_ids: list[int]


async def join(run: Run[MembershipState]) -> TxnSpec:
    """Commits the VM's groups."""
    vm = await current_vm(run)
    if vm.state != "Stopped":
        raise InternalError(f"Unable to change affinity groups of Instance {vm.uuid}: it is {vm.state}; stop it first")
    txn = TxnSpec("affinity_group.join").add(LEAVE_ALL, vm.id, expect=None)
    for group_id in run.state.group_ids:
        txn.put(INSERT_MEMBER, AffinityMemberRow(group_id, vm.id))
    return txn


async def publish(run: Run[MembershipState]) -> TxnSpec:
    await finish_with(run, await current_vm(run))
    return TxnSpec("affinity_group.joined")


class UpdateVmAffinityGroup(
    JobCommand,
    name="updateVMAffinityGroup",
    answer=UserVmView,
    response="updatevirtualmachineresponse",
    java_class="org.apache.cloudstack.api.command.admin.affinitygroup.UpdateVMAffinityGroupCmdByAdmin",
    event="VM.AG.UPDATE",
    instance_type="VirtualMachine",
):
    """Sets the affinity groups of a stopped Instance; none given takes it out of all."""

    id: Id = param("the Instance", required=True, entity="vm")
    affinitygroupids: Ids = param("its groups; not together with their names", entity="affinity_group")
    affinitygroupnames: Strings = param("its groups by name")

    FLOW = Flow(MembershipState, Step("join", join, commits=True), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        owner = await call.cloud.part(Accounts).get(vm.account_id)
        if owner is None:
            raise ParameterError(f"The owner of Instance {vm.uuid} is gone")
        groups = await groups_for(call, owner, self.affinitygroupids, self.affinitygroupnames)
        state = MembershipState(vm_id=vm.id, group_ids=[g.id for g in groups])
        return admitted(self, vm, state, "updating affinity groups of Instance")
