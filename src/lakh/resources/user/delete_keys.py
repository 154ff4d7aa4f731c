"""deleteUserKeys: a key pair goes; requests signed with it are refused from then on."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.encoding import job_result
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import KEY_BY_ID, REMOVE_KEY
from lakh.store.statement import TxnSpec


class Deletion(State):
    key_id: int


async def delete(run: Run[Deletion]) -> TxnSpec:
    run.finish(job_result(DeleteUserKeys.SPEC, None))
    return TxnSpec("deleteUserKeys").add(REMOVE_KEY, run.state.key_id, run.cloud.now_ms(), expect=None)


class DeleteUserKeys(
    JobCommand,
    since="4.23.0",
    event="DELETE.USER.KEY",
    java_class="org.apache.cloudstack.api.command.admin.user.DeleteUserKeysCmd",
):
    """Deletes a pair of API and secret key"""

    FLOW = Flow(Deletion, Step("delete", delete, commits=True))

    keypairid: Id = param("the pair", required=True, entity="api_key")

    async def admit(self, call: Call) -> Admission:
        pair = (await call.cloud.store.rows(KEY_BY_ID, self.keypairid))[0]
        if pair.removed_ms is not None:
            raise ParameterError("Invalid parameter keypairid: the pair was deleted already")
        user, account = await managed_user(call, pair.user_id, "keypairid")
        return Admission(
            TxnSpec(""),
            Deletion(key_id=pair.id),
            owner=(account.id, account.domain_id),
            description=f"Deleting a key pair of user {user.username}",
        )
