"""A server that prepares for its shutdown takes nobody's new jobs; those it has go on, and their children are part of
them. What reconcilers mend goes on too: a job that they begin is finished after the next start, a lost VM would wait.

One whose shutdown was triggered stops by itself once no job is left: its processes see that, and tell the one that
started them.

The state is the server's row, so it holds for all of its control processes, whichever was asked.
"""

from __future__ import annotations

from lakh.base.errors import InternalError
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import PENDING_OF
from lakh.resources.management_server.row import SHUTTING_DOWN, ManagementServerRow


async def check_takes_jobs(cloud: Cloud) -> None:
    """Raises InternalError while the server prepares for its shutdown."""
    row = (await cloud.snapshots.of(ManagementServerRow)).by_id.get(cloud.server_id)
    if row is not None and row.state in SHUTTING_DOWN:
        raise InternalError(
            f"Maintenance or shutdown has been initiated on management server {row.name}: it can not accept new jobs"
        )


async def pending_jobs(cloud: Cloud) -> int:
    """How many jobs of this server have no end yet, in all of its control processes."""
    if cloud.controls == 1:
        return cloud.worker.running
    return int((await cloud.store.read(PENDING_OF, cloud.server_id))[0][0])


async def may_stop(cloud: Cloud) -> bool:
    """True once this server's shutdown was triggered and none of its jobs is left. Asks the store only after that."""
    row = (await cloud.snapshots.of(ManagementServerRow)).by_id.get(cloud.server_id)
    return row is not None and row.state == "ShuttingDown" and await pending_jobs(cloud) == 0
