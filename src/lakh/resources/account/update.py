"""updateAccount: another name, role, DNS suffix or details."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.catalogue.roles import ACCOUNT_TYPES
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Details, Id
from lakh.resources.account.managed import managed_account
from lakh.resources.account.row import ADMIN, ADMIN_ACCOUNT, AccountRow
from lakh.resources.account.view import AccountView, account_view
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.domain.names import check_network_domain
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.role.access import Access
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import DuplicateError

UPDATE = statement(
    "account.update",
    "UPDATE account SET name = $2, role_id = $3, type = $4, network_domain = $5, details_json = $6"
    " WHERE id = $1 AND removed_ms IS NULL",
)


class UpdateAccount(
    SyncCommand,
    roles=ADMINS,
    answer=AccountView,
    event="ACCOUNT.UPDATE",
    java_class="org.apache.cloudstack.api.command.admin.account.UpdateAccountCmd",
):
    """Updates account information for the authenticated user"""

    id: Id | None = param("the account; or give account and domainid", entity="account")
    account: str | None = param("name of the account so far, together with domainid")
    domainid: Id | None = param("the account's domain", entity="domain")
    newname: str | None = param("new name of the account")
    roleid: Id | None = param("new role of the account", entity="role")
    networkdomain: str | None = param("DNS suffix of the account's networks; empty to have none")
    accountdetails: Details = param("free details; those given replace all of before")

    async def run(self, call: Call) -> AccountView:
        cloud = call.cloud
        account = await managed_account(call, self.id, self.account, self.domainid)
        check_network_domain(self.networkdomain)
        if self.newname is not None and not self.newname.strip():
            raise ParameterError("Invalid parameter newname: it must not be empty")
        changed = msgspec.structs.replace(
            account,
            name=self.newname or account.name,
            network_domain=account.network_domain if self.networkdomain is None else self.networkdomain or None,
        )
        if self.accountdetails:
            changed.details_json = msgspec.json.encode(self.accountdetails).decode()
        if self.roleid is not None and self.roleid != account.role_id:
            changed = await self._with_role(call, changed, self.roleid)
        txn = TxnSpec("updateAccount").add(
            UPDATE,
            account.id,
            changed.name,
            changed.role_id,
            changed.type,
            changed.network_domain,
            changed.details_json,
        )
        text = f"Account {changed.name} updated"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Account", account.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(f"The specified account: {self.newname} already exists") from taken
        return await account_view(cloud, call.caller, changed)

    async def _with_role(self, call: Call, account: AccountRow, role_id: int) -> AccountRow:
        access = await call.cloud.part(Access).load()
        role, caller = access.role(role_id), call.caller
        if role is None:
            raise ParameterError("Invalid parameter roleid: the role is disabled or was deleted")
        kind = ACCOUNT_TYPES[role.type]
        if account.id == ADMIN_ACCOUNT:
            raise PermissionDeniedError("The role of the default admin account can not be changed")
        if not caller.is_root_admin and (
            kind == ADMIN or not access.commands(role.id) <= access.commands(caller.role_id)
        ):
            raise PermissionDeniedError(
                f"Account {caller.account_name} can not give a role with more privileges than its own"
            )
        return msgspec.structs.replace(account, role_id=role.id, type=kind)
