"""Finding the affinity group that a command names."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.jobs.flow import State
from lakh.resources.account.ownership import check_access
from lakh.resources.affinity_group.row import BY_IDS, AffinityGroupRow
from lakh.resources.command import Call


class GroupState(State):
    """A job's group."""

    group_id: int


async def affinity_group(call: Call, group_id: int) -> AffinityGroupRow:
    """Raises ParameterError when it is gone, PermissionDeniedError when it is another's."""
    rows = await call.cloud.store.rows(BY_IDS, [group_id])
    if not rows or rows[0].removed_ms is not None:
        raise ParameterError("Unable to find an affinity group by id: it does not exist any more")
    await check_access(call, rows[0].account_id, rows[0].domain_id)
    return rows[0]
