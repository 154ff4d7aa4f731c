"""Finding the instance group that a command names."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.resources.account.ownership import check_access
from lakh.resources.command import Call
from lakh.resources.instance_group.row import BY_ID, InstanceGroupRow


async def instance_group(call: Call, group_id: int) -> InstanceGroupRow:
    """Raises ParameterError when it is gone, PermissionDeniedError when it is another's."""
    rows = await call.cloud.store.rows(BY_ID, group_id)
    if not rows:
        raise ParameterError("Unable to find an instance group by id: it does not exist any more")
    await check_access(call, rows[0].account_id, rows[0].domain_id)
    return rows[0]
