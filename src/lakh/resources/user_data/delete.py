"""deleteUserData."""

from __future__ import annotations

from lakh.base.errors import ParameterError, ResourceInUseError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.account.ownership import check_access
from lakh.resources.command import Call, SyncCommand
from lakh.resources.user_data.row import BY_ID, REMOVE
from lakh.store.statement import TxnSpec, statement

USERS = statement("vm.with_user_data", "SELECT id FROM vm WHERE user_data_id = $1 AND removed_ms IS NULL LIMIT 1")


class DeleteUserData(
    SyncCommand,
    answer=Success,
    since="4.18",
    java_class="org.apache.cloudstack.api.command.user.userdata.DeleteUserDataCmd",
):
    """Deletes registered user data that no Instance refers to."""

    id: Id = param("the user data", required=True, entity="user_data")
    account: str | None = param("the account it belongs to")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it belongs to", entity="project")

    async def run(self, call: Call) -> None:
        rows = await call.cloud.store.rows(BY_ID, self.id)
        if not rows:
            raise ParameterError("Unable to find user data by id: it does not exist any more")
        await check_access(call, rows[0].account_id, rows[0].domain_id)
        if await call.cloud.store.read(USERS, self.id):
            raise ResourceInUseError(f"User data {rows[0].name} is linked to an Instance; it cannot be deleted")
        await call.cloud.store.submit(TxnSpec("user_data.delete").add(REMOVE, self.id, call.cloud.now_ms()))
