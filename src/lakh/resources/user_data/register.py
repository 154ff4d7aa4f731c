"""registerUserData."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Call, SyncCommand, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.user_data.row import INSERT, UserDataRow
from lakh.resources.user_data.view import UserDataView, user_data_views
from lakh.resources.vm.guest_access import check_user_data
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class RegisterUserData(
    SyncCommand,
    answer=UserDataView,
    since="4.18",
    java_class="org.apache.cloudstack.api.command.user.userdata.RegisterUserDataCmd",
):
    """Registers a text that Instances can be started with."""

    name: str = param("name of the user data", required=True)
    userdata: str = param("the text in base64", required=True, max_length=1048576)
    params: str | None = param("comma-separated names of variables declared in the text")
    account: str | None = param("the account it is for; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it is for", entity="project")

    async def run(self, call: Call) -> UserDataView:
        cloud = call.cloud
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        check_user_data(cloud, self.userdata)
        row = UserDataRow(
            id=cloud.id("user_data"),
            uuid=cloud.uuid(),
            name=self.name,
            account_id=owner.id,
            domain_id=owner.domain_id,
            user_data=self.userdata,
            params=self.params,
            created_ms=cloud.now_ms(),
        )
        text, whose = f"User data {self.name} registered", (owner.id, owner.domain_id)
        txn = TxnSpec("user_data.register").put(INSERT, row)
        txn.put(INSERT_EVENT, event(cloud, "REGISTER.USER.DATA", "Completed", text, call.caller.user_id, whose))
        try:
            await cloud.store.submit(txn)
        except DuplicateError:
            raise ParameterError(f"A userdata with name {self.name} already exists for the account") from None
        return (await user_data_views(cloud, [row]))[0]
