"""The role that a change is about: it exists, and it is not one of the default roles, which never change."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.jobs.cloud import Cloud
from lakh.resources.role.row import RoleRow


async def live_role(cloud: Cloud, role_id: int, parameter: str) -> RoleRow:
    """The role. Raises ParameterError naming `parameter` when it was deleted."""
    row = (await cloud.snapshots.of(RoleRow)).by_id.get(role_id)
    if row is None or row.removed_ms is not None:
        raise ParameterError(f"Invalid parameter {parameter}: the role does not exist any more")
    return row


async def own_role(cloud: Cloud, role_id: int, parameter: str) -> RoleRow:
    """The role, which may be changed. Raises ParameterError, or PermissionDeniedError for a default role."""
    row = await live_role(cloud, role_id, parameter)
    if row.is_default:
        raise PermissionDeniedError(f"Role {row.name} is a default role and cannot be changed; copy it with createRole")
    return row
