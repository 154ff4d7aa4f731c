"""Who may use a private template: the rules that templates and ISOs share."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.view import View
from lakh.resources.account.ownership import find_account
from lakh.resources.command import Call, completed
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.template.row import FORBID, FORBID_ALL, PERMIT, SET_ACCESS, TemplatePermissionRow, TemplateRow
from lakh.store.statement import TxnSpec

OPERATIONS = ("add", "remove", "reset")


class TemplatePermissionsView(View, kw_only=True):
    """`account` are the names of the accounts it is shared with."""

    id: str
    ispublic: bool
    domainid: str
    account: list[str] | None = None
    projectids: list[str] | None = None

    OBJECT = "templatepermission"


async def update_permissions(
    call: Call,
    template: TemplateRow,
    *,
    operation: str | None,
    accounts: Sequence[str],
    is_public: bool | None,
    is_featured: bool | None,
    is_extractable: bool | None,
    event: str,
) -> None:
    """Changes flags and accounts. Raises ParameterError, PermissionDeniedError."""
    cloud, admin = call.cloud, call.caller.is_root_admin
    if operation is not None and operation.lower() not in OPERATIONS:
        raise ParameterError("Invalid operation on accounts, the operation must be either 'add' or 'remove' in order to"
                             " modify launch permissions, or 'reset'")  # fmt: skip
    if is_featured is not None and not call.caller.is_admin:
        raise PermissionDeniedError("Only admins may set isfeatured")
    if (
        is_public
        and not admin
        and not cloud.part(Settings).flag("allow.public.user.templates", ("Account", template.account_id))
    ):
        raise PermissionDeniedError("Only private templates can be created: allow.public.user.templates says so")
    txn = TxnSpec("template.permissions").add(
        SET_ACCESS,
        template.id,
        template.is_public if is_public is None else is_public,
        template.is_featured if is_featured is None else is_featured,
        template.is_extractable if is_extractable is None else is_extractable,
    )
    ids = [(await find_account(call, name, template.domain_id)).id for name in accounts]
    match (operation or "").lower():
        case "add":
            for account_id in ids:
                if account_id != template.account_id:
                    txn.add(PERMIT, *_values(template.id, account_id), expect=None)
        case "remove":
            txn.add(FORBID, template.id, ids, expect=None)
        case "reset":
            txn.add(FORBID_ALL, template.id, expect=None)
    what = "ISO" if template.format == "ISO" else "Template"
    txn.put(INSERT_EVENT, completed(call, event, f"Permissions of {template.name} changed", (what, template.uuid)))
    await cloud.store.submit(txn)


def _values(template_id: int, account_id: int) -> tuple[int, int]:
    row = TemplatePermissionRow(template_id, account_id)
    return row.template_id, row.account_id
