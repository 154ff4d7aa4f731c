"""resetPasswordForVirtualMachine: a new password, which the guest takes at its next start."""

from __future__ import annotations

import msgspec

from lakh.base.errors import InternalError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.guest_access import password_for
from lakh.resources.vm.view import UserVmView
from lakh.store.statement import TxnSpec, statement

SET_PASSWORD = statement(
    "vm.set_password",
    "UPDATE vm SET password = $2, password_pending = TRUE, updated_ms = $3"
    " WHERE id = $1 AND state = 'Stopped' AND removed_ms IS NULL",
)


class PasswordState(State):
    vm_id: int
    password: str


async def reset(run: Run[PasswordState]) -> TxnSpec:
    """The new password, which the job's result shows."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if vm.state != "Stopped":
        raise InternalError(f"Unable to reset the password of Instance {vm.uuid}: it is {vm.state}; stop it first")
    now_ms = cloud.now_ms()
    after = msgspec.structs.replace(vm, password=state.password, updated_ms=now_ms)
    await finish_with(run, after, password=state.password)
    return TxnSpec("vm.reset_password").add(SET_PASSWORD, vm.id, state.password, now_ms)


class ResetPasswordForVirtualMachine(
    JobCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.ResetVMPasswordCmdByAdmin",
    event="VM.RESETPASSWORD",
    instance_type="VirtualMachine",
):
    """Gives a stopped Instance of a password-enabled template a new password."""

    id: Id = param("the Instance", required=True, entity="vm")
    password: str | None = param("the password; made up by default", since="4.19.0", secret=True)

    FLOW = Flow(PasswordState, Step("reset", reset, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        template = (await call.cloud.snapshots.of(TemplateRow)).by_id[vm.template_id]
        password = password_for(call.cloud, template, self.password)
        if password is None:
            raise ParameterError(
                f"Unable to reset the password of Instance {vm.uuid}: its template {template.name} takes none"
            )
        return admitted(self, vm, PasswordState(vm_id=vm.id, password=password), "resetting the password of Instance")
