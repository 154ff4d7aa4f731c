"""enableAccount: the users of a disabled or locked account may call again."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.account.managed import managed_account
from lakh.resources.account.row import SET_STATE
from lakh.resources.account.view import AccountView, account_view
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.store.statement import TxnSpec


class EnableAccount(
    SyncCommand,
    roles=ADMINS,
    answer=AccountView,
    event="ACCOUNT.ENABLE",
    java_class="org.apache.cloudstack.api.command.admin.account.EnableAccountCmd",
):
    """Enables an account"""

    id: Id | None = param("the account; or give account and domainid", entity="account")
    account: str | None = param("name of the account, together with domainid")
    domainid: Id | None = param("the account's domain", entity="domain")

    async def run(self, call: Call) -> AccountView:
        account = await managed_account(call, self.id, self.account, self.domainid)
        txn = TxnSpec("enableAccount").add(SET_STATE, account.id, "enabled")
        text = f"Account {account.name} enabled"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Account", account.uuid)))
        await call.cloud.store.submit(txn)
        changed = msgspec.structs.replace(account, state="enabled")
        return await account_view(call.cloud, call.caller, changed)
