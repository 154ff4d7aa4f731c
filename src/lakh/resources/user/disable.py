"""disableUser: a user may not call until it is enabled again."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.encoding import job_result
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.job.caller import job_caller
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import ADMIN_USER, BY_ID, SET_STATE
from lakh.resources.user.view import UserView, user_view
from lakh.store.statement import TxnSpec


class Disabling(State):
    user_id: int


async def disable(run: Run[Disabling]) -> TxnSpec:
    row = (await run.cloud.store.rows(BY_ID, run.state.user_id))[0]
    disabled = msgspec.structs.replace(row, state="disabled")
    run.finish(job_result(DisableUser.SPEC, await user_view(run.cloud, await job_caller(run), disabled)))
    return TxnSpec("disableUser").add(SET_STATE, row.id, "disabled")


class DisableUser(
    JobCommand,
    roles=ADMINS,
    answer=UserView,
    event="USER.DISABLE",
    instance_type="User",
    java_class="org.apache.cloudstack.api.command.admin.user.DisableUserCmd",
):
    """Disables a user account"""

    FLOW = Flow(Disabling, Step("disable", disable, commits=True))

    id: Id = param("the user", required=True, entity="users")

    async def admit(self, call: Call) -> Admission:
        user, _ = await managed_user(call, self.id)
        if user.id in (call.caller.user_id, ADMIN_USER):
            raise ParameterError("The default admin user, and the calling user itself, can't be disabled")
        text = f"Disabling user {user.username}"
        return Admission(TxnSpec(""), Disabling(user_id=user.id), instance=("User", user.uuid), description=text)
