"""updateUser: names, mail, time zone, password, or the key pair of a user."""

from __future__ import annotations

from typing import Any

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.user.access import managed_user
from lakh.resources.user.new import check_timezone
from lakh.resources.user.password import hash_password, verify_password
from lakh.resources.user.policy import check_password
from lakh.resources.user.row import INSERT_KEY, ApiKeyRow, UserRow
from lakh.resources.user.view import UserView, user_view
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import DuplicateError

UPDATE = statement(
    "user.update",
    "UPDATE users SET username = $2, password = $3, firstname = $4, lastname = $5, email = $6, timezone = $7"
    " WHERE id = $1 AND removed_ms IS NULL",
)


class UpdateUser(
    SyncCommand,
    answer=UserView,
    event="USER.UPDATE",
    java_class="org.apache.cloudstack.api.command.admin.user.UpdateUserCmd",
):
    """Updates a user account"""

    id: Id = param("the user", required=True, entity="users")
    username: str | None = param("new name to log in with")
    firstname: str | None = param("first name")
    lastname: str | None = param("last name")
    email: str | None = param("address for mail")
    timezone: str | None = param("name of the user's time zone, as Europe/Berlin")
    password: str | None = param("new password; with currentpassword unless an admin gives it", secret=True)
    currentpassword: str | None = param("the password so far", secret=True)
    userapikey: str | None = param("API key of a new pair, together with usersecretkey")
    usersecretkey: str | None = param("secret key of a new pair, together with userapikey", secret=True)

    async def run(self, call: Call) -> UserView:
        cloud = call.cloud
        user, account = await managed_user(call, self.id)
        if not call.caller.is_admin and account.id != call.caller.account_id:
            raise PermissionDeniedError("A user may change the users of its own account only")
        check_timezone(self.timezone)
        for name in ("username", "firstname", "lastname", "email"):
            if getattr(self, name) is not None and not getattr(self, name).strip():
                raise ParameterError(f"Invalid parameter {name}: it must not be empty")
        changes: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("username", "firstname", "lastname", "email", "timezone")
            if getattr(self, name) is not None
        }
        if self.password is not None:
            changes["password"] = await self._new_password(call, user)
        changed = msgspec.structs.replace(user, **changes)
        txn = TxnSpec("updateUser").add(
            UPDATE,
            user.id,
            changed.username,
            changed.password,
            changed.firstname,
            changed.lastname,
            changed.email,
            changed.timezone,
        )
        if (pair := self._key_pair(call, user, account)) is not None:
            txn.put(INSERT_KEY, pair)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"User {user.username} updated", ("User", user.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            if taken.index == "api_key_key":
                raise ParameterError("The userapikey is in use already; give another one") from taken
            raise ParameterError(f"The user name {self.username} already exists in the domain") from taken
        return await user_view(cloud, call.caller, changed)

    async def _new_password(self, call: Call, user: UserRow) -> str:
        if not self.password or not self.password.strip():
            raise ParameterError("Invalid parameter password: it must not be empty")
        if not call.caller.is_admin or (call.caller.user_id == user.id and not call.caller.is_root_admin):
            if not self.currentpassword:
                raise ParameterError("To set a new password the current password must be provided: currentpassword")
            if not await verify_password(self.currentpassword, user.password):
                raise ParameterError("Current password is incorrect.")
        await check_password(call.cloud, self.password, self.username or user.username, user.domain_id)
        return await hash_password(self.password)

    def _key_pair(self, call: Call, user: UserRow, account: AccountRow) -> ApiKeyRow | None:
        if not self.userapikey and not self.usersecretkey:
            return None
        if not self.userapikey or not self.usersecretkey:
            raise ParameterError("Please provide a userapikey/usersecretkey pair: one without the other is of no use")
        cloud = call.cloud
        return ApiKeyRow(
            id=cloud.id("api_key"),
            uuid=cloud.uuid(),
            user_id=user.id,
            account_id=account.id,
            domain_id=account.domain_id,
            name=user.username,
            description=None,
            api_key=self.userapikey,
            secret_key=self.usersecretkey,
            start_ms=None,
            end_ms=None,
            created_ms=cloud.now_ms(),
        )
