"""disableAccount: its users may not call until it is enabled again, and its VMs are stopped; or only locked."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMINS, COMMANDS, param
from lakh.contract.encoding import job_result
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.managed import check_not_own, managed_account
from lakh.resources.account.row import BY_ID, SET_STATE
from lakh.resources.account.view import AccountView, account_view
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.job.caller import job_caller
from lakh.store.statement import TxnSpec, statement

RUNNING_VMS = statement(
    "vm.running_of_account",
    "SELECT id FROM vm WHERE account_id = $1 AND type = 'User' AND state = 'Running' AND removed_ms IS NULL"
    " ORDER BY id",
)


class Disabling(State):
    account_id: int
    state: str


async def stop_vms(run: Run[Disabling]) -> None:
    if run.state.state != "disabled" or "stopVirtualMachine" not in COMMANDS:
        return
    for (vm_id,) in await run.cloud.store.read(RUNNING_VMS, run.state.account_id):
        await run.child("stopVirtualMachine", f"stop {vm_id}", id=vm_id)


async def answer(run: Run[Disabling]) -> TxnSpec:
    row = (await run.cloud.store.rows(BY_ID, run.state.account_id))[0]
    changed = msgspec.structs.replace(row, state=run.state.state)
    view = await account_view(run.cloud, await job_caller(run), changed)
    run.finish(job_result(DisableAccount.SPEC, view))
    return TxnSpec("disableAccount").add(SET_STATE, row.id, run.state.state)


class DisableAccount(
    JobCommand,
    roles=ADMINS,
    answer=AccountView,
    event="ACCOUNT.DISABLE",
    instance_type="Account",
    java_class="org.apache.cloudstack.api.command.admin.account.DisableAccountCmd",
):
    """Disables an account"""

    FLOW = Flow(Disabling, Step("stop VMs", stop_vms), Step("answer", answer, commits=True))

    lock: bool = param("true: lock only, what runs goes on running; false: disable and stop its VMs", required=True)
    id: Id | None = param("the account; or give account and domainid", entity="account")
    account: str | None = param("name of the account, together with domainid")
    domainid: Id | None = param("the account's domain", entity="domain")

    async def admit(self, call: Call) -> Admission:
        account = await managed_account(call, self.id, self.account, self.domainid)
        check_not_own(call, account, "disabled")
        state = "locked" if self.lock else "disabled"
        return Admission(
            TxnSpec("").add(SET_STATE, account.id, state),
            Disabling(account_id=account.id, state=state),
            instance=("Account", account.uuid),
            owner=(account.id, account.domain_id),
            description=f"Disabling account {account.name}",
        )
