"""listAccounts: the accounts that the caller may see."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Strings
from lakh.resources.account.ownership import scope_of
from lakh.resources.account.row import PROJECT, SYSTEM_ACCOUNT, AccountRow
from lakh.resources.account.view import AccountView, account_views
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.searching import Searched

LISTING = Listing(
    AccountRow,
    {"id": "id = $", "name": "name = $", "accounttype": "type = $", "state": "state = $"},
    keyword=("name", "state"),
    always=f"removed_ms IS NULL AND id <> {SYSTEM_ACCOUNT} AND type <> {PROJECT}",
    account="id",
    holds=("domain_id", "type", "state"),
    by_index=("name",),
    searches={"keyword": Searched(AccountRow, "name", containing=("state",))},
)
DETAILS = frozenset({"all", "resource", "min"})


class ListAccounts(
    ListCommand,
    answer=AccountView,
    java_class="org.apache.cloudstack.api.command.admin.account.ListAccountsCmdByAdmin",
):
    """Lists accounts and provides detailed account information for listed accounts"""

    id: Id | None = param("this account", entity="account")
    name: str | None = param("accounts of exactly this name")
    accounttype: int | None = param("accounts of this type: 0 user, 1 root admin, 2 domain admin, 3 resource admin")
    state: str | None = param("accounts in this state: enabled, disabled or locked")
    iscleanuprequired: bool | None = param("only those whose clean-up failed; here none is left behind")
    domainid: Id | None = param("accounts of this domain", entity="domain")
    isrecursive: bool = param("with domainid: its whole subtree", default=False)
    listall: bool = param("all that the caller may see, not only its own", default=False)
    details: Strings = param("what to answer: all, resource or min")

    async def run(self, call: Call) -> Listed:
        if unknown := set(self.details) - DETAILS:
            raise ParameterError(f"Invalid parameter details {', '.join(sorted(unknown))}: give all, resource or min")
        scope = await scope_of(
            call,
            domain_id=self.domainid,
            recursive=self.isrecursive,
            list_all=self.listall,
            by_id=self.id is not None,
        )
        if self.iscleanuprequired:
            return Listed(0, [])
        filters = {
            "id": self.id,
            "name": self.name,
            "accounttype": self.accounttype,
            "state": self.state.lower() if self.state else None,
        }
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        counts = not self.details or bool({"all", "resource"} & set(self.details))
        return Listed(count, list(await account_views(call.cloud, call.caller, rows, counts=counts)))
