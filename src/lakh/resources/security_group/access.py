"""Finding the security group that a command names, by id or by name."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.resources.account.ownership import check_access, owner_of
from lakh.resources.command import Call
from lakh.resources.security_group.membership import default_group
from lakh.resources.security_group.row import BY_ID, BY_NAMES, DEFAULT, SecurityGroupRow


def line_of(group_id: int) -> str:
    """The `sync_key` of the jobs that change a group's rules."""
    return f"security_group:{group_id}"


async def group_by_id(call: Call, group_id: int, parameter: str) -> SecurityGroupRow:
    """Raises ParameterError for one that is gone, PermissionDeniedError for another's."""
    rows = await call.cloud.store.rows(BY_ID, group_id)
    if not rows or rows[0].removed_ms is not None:
        raise ParameterError(f"Unable to find security group by {parameter} {rows[0].uuid if rows else group_id}")
    await check_access(call, rows[0].account_id, rows[0].domain_id)
    return rows[0]


async def named_group(
    call: Call,
    group_id: int | None,
    name: str | None,
    account: str | None,
    domain_id: int | None,
    project_id: int | None,
    parameters: tuple[str, str] = ("id", "name"),
) -> SecurityGroupRow:
    """The group of that id, or of that name in the owner's account. Raises ParameterError."""
    if (group_id is None) == (name is None):
        raise ParameterError(f"Either {parameters[0]} or {parameters[1]} is required, and not both")
    if group_id is not None:
        return await group_by_id(call, group_id, parameters[0])
    owner = await owner_of(call, account, domain_id, project_id)
    if name == DEFAULT:
        return await default_group(call.cloud, owner.id, owner.domain_id)
    rows = await call.cloud.store.rows(BY_NAMES, owner.id, [name])
    if not rows:
        raise ParameterError(f"Unable to find security group {name} for account {owner.name}")
    return rows[0]
