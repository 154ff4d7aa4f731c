"""createAccount: an account in a domain, with its first user."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.base.ids import is_uuid
from lakh.catalogue.roles import ACCOUNT_TYPES
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Details, Id
from lakh.resources.account.ownership import check_domain
from lakh.resources.account.row import (
    ADMIN,
    DOMAIN_ADMIN,
    INSERT,
    RESOURCE_ADMIN,
    USER,
    AccountRow,
)
from lakh.resources.account.view import AccountView, account_view
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.domain.names import check_network_domain
from lakh.resources.domain.row import LIVE_PARENT
from lakh.resources.domain.tree import DomainTree
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.limit.row import ACCOUNT, INSERT_COUNT, ResourceCountRow
from lakh.resources.role.access import Access
from lakh.resources.user.new import new_user
from lakh.resources.user.row import INSERT as INSERT_USER
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError

DEFAULT_ROLES = {USER: 4, ADMIN: 1, DOMAIN_ADMIN: 3, RESOURCE_ADMIN: 2}
"""The role that an account type stands for."""


class CreateAccount(
    SyncCommand,
    roles=ADMINS,
    answer=AccountView,
    event="ACCOUNT.CREATE",
    java_class="org.apache.cloudstack.api.command.admin.account.CreateAccountCmd",
):
    """Creates an account"""

    account: str | None = param("name of the account; the user's name when absent")
    accounttype: int | None = param("0 user, 1 root admin, 2 domain admin, 3 resource admin; or give roleid")
    roleid: Id | None = param("the account's role; it decides the type", entity="role")
    domainid: Id | None = param("the domain; the caller's own when absent", entity="domain")
    username: str = param("name of the first user to log in with", required=True)
    password: str = param("password of the first user", required=True, secret=True)
    firstname: str = param("first name of the first user", required=True)
    lastname: str = param("last name of the first user", required=True)
    email: str = param("address for mail of the first user", required=True)
    timezone: str | None = param("name of the first user's time zone, as Europe/Berlin")
    networkdomain: str | None = param("DNS suffix of the account's networks")
    accountdetails: Details = param("free details of the account")
    accountid: str | None = param("a uuid to give the account instead of a new one")
    userid: str | None = param("a uuid to give the first user instead of a new one")

    async def run(self, call: Call) -> AccountView:
        cloud = call.cloud
        domain_id = call.caller.domain_id if self.domainid is None else self.domainid
        await check_domain(call, domain_id)
        check_network_domain(self.networkdomain)
        if self.accountid and not is_uuid(self.accountid):
            raise ParameterError(f"Invalid parameter accountid {self.accountid}: give a uuid, or leave it out")
        role_id, kind = await self._role(call)
        name = self.account or self.username
        account = AccountRow(
            id=cloud.id("account"),
            uuid=(self.accountid or "").lower() or cloud.uuid(),
            name=name,
            type=kind,
            role_id=role_id,
            domain_id=domain_id,
            state="enabled",
            network_domain=self.networkdomain or None,
            default_zone_id=None,
            details_json=msgspec.json.encode(self.accountdetails).decode(),
            created_ms=cloud.now_ms(),
        )
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
        txn = TxnSpec("createAccount").add(LIVE_PARENT, domain_id).put(INSERT, account).put(INSERT_USER, user)
        txn.put(INSERT_COUNT, ResourceCountRow(owner_kind=ACCOUNT, owner_id=account.id))
        path = (await cloud.part(DomainTree).current()).name_path(domain_id)
        text = f"Account {name} created in domain {path}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Account", account.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise self._taken(taken.index, name) from taken
        return await account_view(cloud, call.caller, account)

    async def _role(self, call: Call) -> tuple[int, int]:
        """(role id, account type). Raises PermissionDeniedError for a role that may do more than the caller."""
        access = await call.cloud.part(Access).load()
        if self.roleid is not None:
            role = access.role(self.roleid)
            if role is None:
                raise ParameterError("Invalid parameter roleid: the role is disabled or was deleted")
            role_id, kind = role.id, ACCOUNT_TYPES[role.type]
        elif self.accounttype is not None:
            if self.accounttype not in DEFAULT_ROLES:
                known = ", ".join(map(str, sorted(DEFAULT_ROLES)))
                raise ParameterError(f"Invalid parameter accounttype {self.accounttype}: give one of {known}")
            role_id, kind = DEFAULT_ROLES[self.accounttype], self.accounttype
        else:
            raise ParameterError("Give accounttype or roleid: an account needs one of them")
        caller = call.caller
        if not caller.is_root_admin and (
            kind == ADMIN or not access.commands(role_id) <= access.commands(caller.role_id)
        ):
            raise PermissionDeniedError(
                f"Account {caller.account_name} can not create an account with more privileges than its own"
            )
        return role_id, kind

    def _taken(self, index: str, name: str) -> ParameterError:
        if index.startswith("users"):
            return ParameterError(f"The user {self.username} already exists in the domain")
        return ParameterError(f"The specified account: {name} already exists")
