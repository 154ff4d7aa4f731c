"""createUser: one more user of an account."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import check_domain, find_account
from lakh.resources.account.row import LIVE, PROJECT
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.user.access import check_manages
from lakh.resources.user.new import new_user
from lakh.resources.user.row import INSERT
from lakh.resources.user.view import UserView, user_view
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class CreateUser(
    SyncCommand,
    roles=ADMINS,
    answer=UserView,
    event="USER.CREATE",
    java_class="org.apache.cloudstack.api.command.admin.user.CreateUserCmd",
):
    """Creates a user for an account that already exists"""

    username: str = param("name to log in with, unique in the domain", required=True)
    password: str = param("password to log in with", required=True, secret=True)
    firstname: str = param("first name", required=True)
    lastname: str = param("last name", required=True)
    email: str = param("address for mail", required=True)
    account: str = param("name of the account that gets the user", required=True)
    domainid: Id | None = param("the account's domain; the caller's own when absent", entity="domain")
    timezone: str | None = param("name of the user's time zone, as Europe/Berlin")
    userid: str | None = param("a uuid to give the user instead of a new one")

    async def run(self, call: Call) -> UserView:
        cloud = call.cloud
        domain_id = call.caller.domain_id if self.domainid is None else self.domainid
        await check_domain(call, domain_id)
        account = await find_account(call, self.account, domain_id)
        await check_manages(call, account)
        if account.type == PROJECT:
            raise ParameterError(f"Account {account.name} is a project's: it has no users of its own")
        user = await new_user(
            cloud,
            account,
            username=self.username,
            password=self.password,
            firstname=self.firstname,
            lastname=self.lastname,
            email=self.email,
            timezone=self.timezone,
            uuid=self.userid,
        )
        txn = TxnSpec("createUser").add(LIVE, account.id).put(INSERT, user)
        text = f"User {user.username} created for account {account.name}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("User", user.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(f"The user {self.username} already exists in the domain of the account") from taken
        return await user_view(cloud, call.caller, user)
