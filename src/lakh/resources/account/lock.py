"""lockAccount: the users of an account may not call until it is enabled again; what it runs goes on running."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.account.managed import check_not_own, managed_account
from lakh.resources.account.row import SET_STATE
from lakh.resources.account.view import AccountView, account_view
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.store.statement import TxnSpec


class LockAccount(
    SyncCommand,
    roles=ADMINS,
    answer=AccountView,
    event="ACCOUNT.LOCK",
    java_class="org.apache.cloudstack.api.command.admin.account.LockAccountCmd",
):
    """Locks an account"""

    account: str = param("name of the account", required=True)
    domainid: Id = param("the account's domain", required=True, entity="domain")

    async def run(self, call: Call) -> AccountView:
        account = await managed_account(call, None, self.account, self.domainid)
        check_not_own(call, account, "locked")
        txn = TxnSpec("lockAccount").add(SET_STATE, account.id, "locked")
        text = f"Account {account.name} locked"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Account", account.uuid)))
        await call.cloud.store.submit(txn)
        changed = msgspec.structs.replace(account, state="locked")
        return await account_view(call.cloud, call.caller, changed)
