"""Which users a caller may change: those it reaches, and nobody who may do more than itself."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.cached import Accounts
from lakh.resources.account.ownership import check_access
from lakh.resources.account.row import SYSTEM_ACCOUNT, USER, AccountRow
from lakh.resources.command import Call
from lakh.resources.user.row import BY_ID, UserRow


async def check_manages(call: Call, account: AccountRow) -> None:
    """Raises PermissionDeniedError (531) when the caller may not change this account or its users.

    Beyond reach, it matters what the account may do: a domain admin must not get hold of a root admin that happens to
    live in its domain.
    """
    caller = call.caller
    await check_access(call, account.id, account.domain_id)
    if caller.is_root_admin or caller.account_id == account.id or account.type in (USER, caller.account_type):
        return
    raise PermissionDeniedError(
        f"Account {caller.account_name} does not have permission to operate with provided resource: account"
        f" {account.name} has a higher role"
    )


async def managed_user(call: Call, user_id: int, parameter: str = "id") -> tuple[UserRow, AccountRow]:
    """A live user that the caller may change, with its account.

    Raises ParameterError for a deleted or system user, PermissionDeniedError (531).
    """
    rows = await call.cloud.store.rows(BY_ID, user_id)
    if not rows or rows[0].removed_ms is not None:
        raise ParameterError(f"Unable to find user by {parameter} {call.parameters.get(parameter, user_id)}")
    user = rows[0]
    account = await call.cloud.part(Accounts).get(user.account_id)
    if account is None or account.removed_ms is not None:
        raise ParameterError(f"Unable to find user by {parameter}: its account was deleted")
    if account.id == SYSTEM_ACCOUNT:
        raise PermissionDeniedError("The user belongs to the system account and can not be changed")
    await check_manages(call, account)
    return user, account
