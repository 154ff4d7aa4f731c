"""resetSSHKeyForVirtualMachine: other keys, and a new password, which the guest takes at its next start."""

from __future__ import annotations

import msgspec

from lakh.base.errors import InternalError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Strings
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.guest_access import keys_of, password_for
from lakh.resources.vm.view import UserVmView
from lakh.store.statement import TxnSpec, statement

SET_KEYS = statement(
    "vm.set_keys",
    "UPDATE vm SET key_pairs = $2, public_keys = $3, password = COALESCE($4, password),"
    " password_pending = ($4 IS NOT NULL OR password_pending), updated_ms = $5"
    " WHERE id = $1 AND state = 'Stopped' AND removed_ms IS NULL",
)


class KeyState(State):
    vm_id: int
    names: str
    public_keys: str
    password: str | None = None


async def reset(run: Run[KeyState]) -> TxnSpec:
    """The new keys; the job's result shows the new password where the template takes one."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if vm.state != "Stopped":
        raise InternalError(f"Unable to reset the SSH key of Instance {vm.uuid}: it is {vm.state}; stop it first")
    now_ms = cloud.now_ms()
    after = msgspec.structs.replace(vm, key_pairs=state.names, updated_ms=now_ms)
    await finish_with(run, after, password=state.password)
    txn = TxnSpec("vm.reset_keys")
    return txn.add(SET_KEYS, vm.id, state.names, state.public_keys, state.password, now_ms)


class ResetSshKeyForVirtualMachine(
    JobCommand,
    name="resetSSHKeyForVirtualMachine",
    answer=UserVmView,
    response="resetSSHKeyforvirtualmachineresponse",
    java_class="org.apache.cloudstack.api.command.admin.vm.ResetVMSSHKeyCmdByAdmin",
    event="VM.RESETSSHKEY",
    instance_type="VirtualMachine",
):
    """Gives a stopped Instance other SSH keys."""

    id: Id = param("the Instance", required=True, entity="vm")
    keypair: str | None = param("the key pair; or give keypairs")
    keypairs: Strings = param("several key pairs in place of keypair", since="4.17")
    account: str | None = param("the account whose keys they are; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project whose keys they are", entity="project")

    FLOW = Flow(KeyState, Step("reset", reset, commits=True))

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        vm = await user_vm(call, self.id)
        account_id = vm.account_id
        if self.account or self.projectid is not None:
            account_id = (await owner_of(call, self.account, self.domainid, self.projectid)).id
        keys = await keys_of(cloud, account_id, self.keypair, self.keypairs)
        if keys.names is None or keys.public_keys is None:
            raise ParameterError("One of keypair or keypairs must be specified")
        template = (await cloud.snapshots.of(TemplateRow)).by_id[vm.template_id]
        state = KeyState(
            vm_id=vm.id,
            names=keys.names,
            public_keys=keys.public_keys,
            password=password_for(cloud, template, None),
        )
        return admitted(self, vm, state, "resetting the SSH key of Instance")
