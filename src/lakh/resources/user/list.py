"""listUsers: the users of the accounts that the caller may see."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import scope_of
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.user.row import SYSTEM_USER, UserRow
from lakh.resources.user.view import UserView, user_views

LISTING = Listing(
    UserRow,
    {
        "id": "id = $",
        "username": "username = $",
        "state": "state = $",
        "usersource": "source = $",
        "accounttype": "account_id IN (SELECT id FROM account WHERE type = $)",
    },
    keyword=(
        "username",
        "firstname",
        "lastname",
        "email",
        "state",
        "account_id IN (SELECT id FROM account WHERE LOWER(name) LIKE $)",
    ),
    always=f"removed_ms IS NULL AND id <> {SYSTEM_USER}",
)


class ListUsers(
    ListCommand,
    answer=UserView,
    java_class="org.apache.cloudstack.api.command.admin.user.ListUsersCmd",
):
    """Lists user accounts"""

    id: Id | None = param("this user", entity="users")
    username: str | None = param("the user of exactly this name")
    state: str | None = param("users in this state: enabled, disabled or locked")
    accounttype: int | None = param("users of accounts of this type: 0 user, 1 root admin, 2 domain admin")
    usersource: str | None = param("users that come from this source: native, ldap, saml2", since="4.21.0.0")
    account: str | None = param("users of this account; domainid must name its domain, else the caller's is meant")
    domainid: Id | None = param("users of this domain", entity="domain")
    isrecursive: bool = param("with domainid: its whole subtree", default=False)
    listall: bool = param("all that the caller may see, not only those of its own account", default=False)

    async def run(self, call: Call) -> Listed:
        scope = await scope_of(
            call,
            account=self.account,
            domain_id=self.domainid,
            recursive=self.isrecursive,
            list_all=self.listall,
            by_id=self.id is not None,
        )
        filters = {
            "id": self.id,
            "username": self.username,
            "state": self.state.lower() if self.state else None,
            "usersource": self.usersource.lower() if self.usersource else None,
            "accounttype": self.accounttype,
        }
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await user_views(call.cloud, call.caller, rows)))
