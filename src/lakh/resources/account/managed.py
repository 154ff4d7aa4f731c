"""The account that a command is about, named by id or by name and domain."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.ownership import check_domain, find_account
from lakh.resources.account.row import ADMIN_ACCOUNT, BY_ID, PROJECT, SYSTEM_ACCOUNT, AccountRow
from lakh.resources.command import Call
from lakh.resources.user.access import check_manages


async def managed_account(
    call: Call, account_id: int | None, name: str | None = None, domain_id: int | None = None
) -> AccountRow:
    """A live account that the caller may change.

    Raises ParameterError when it is not named or was deleted, PermissionDeniedError (531).
    """
    if account_id is not None:
        rows = await call.cloud.store.rows(BY_ID, account_id)
        if not rows or rows[0].removed_ms is not None:
            raise ParameterError(f"Unable to find account by id {call.parameters.get('id', account_id)}")
        account = rows[0]
    elif name and domain_id is not None:
        await check_domain(call, domain_id)
        account = await find_account(call, name, domain_id)
    else:
        raise ParameterError("Name the account: give id, or account together with domainid")
    if account.id == SYSTEM_ACCOUNT:
        raise PermissionDeniedError("The system account can not be changed")
    if account.type == PROJECT:
        raise ParameterError(f"The account {account.name} is a project's; use the commands for projects")
    await check_manages(call, account)
    return account


def check_not_own(call: Call, account: AccountRow, verb: str) -> None:
    """Raises ParameterError when `verb` would lock out the caller itself, or the default admin."""
    if account.id in (ADMIN_ACCOUNT, call.caller.account_id):
        raise ParameterError(f"The default admin account, and the caller's own, can not be {verb}")
