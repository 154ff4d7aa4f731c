"""What readyForShutdown and its kin answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from lakh.base.errors import InternalError
from lakh.contract.types import Id
from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.live import live
from lakh.resources.management_server.draining import pending_jobs
from lakh.resources.management_server.row import MOVE, SHUTTING_DOWN, ManagementServerRow
from lakh.resources.management_server.view import AGENTS_SHOWN, connected_hosts
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

Enum = Annotated[str, msgspec.Meta(extra={"type": "enum"})]


class ReadyForShutdownView(View):
    OBJECT: ClassVar[str] = "readyforshutdown"

    managementserverid: str | None = None
    state: Enum | None = None
    readyforshutdown: bool | None = None
    shutdowntriggered: bool | None = None
    maintenanceinitiated: bool | None = None
    pendingjobscount: int | None = None
    agents: list[str] | None = None
    agentscount: int | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


async def shutdown_view(cloud: Cloud, row: ManagementServerRow) -> ReadyForShutdownView:
    """One that prepares is ready once it has no job left."""
    own = row.id == cloud.server_id
    connected = connected_hosts(cloud) if own else []
    pending = await pending_jobs(cloud) if own else 0
    state = row.state
    if own and state == "PreparingForShutDown" and pending == 0:
        state = "ReadyToShutDown"
    return ReadyForShutdownView(
        managementserverid=row.uuid,
        state=state,
        readyforshutdown=state == "ReadyToShutDown",
        shutdowntriggered=state in SHUTTING_DOWN,
        maintenanceinitiated=state in ("PreparingForMaintenance", "Maintenance"),
        pendingjobscount=pending,
        agents=connected[:AGENTS_SHOWN],
        agentscount=len(connected),
    )


async def moved(
    cloud: Cloud, server: Id, label: str, before: Sequence[str], after: str, *, otherwise: str
) -> ReadyForShutdownView:
    """Moves the server from one of the states before to the one after. Raises ParameterError, and InternalError, which
    says `otherwise`, where it is in another state."""
    row = await live(cloud, ManagementServerRow, server, "managementserverid")
    try:
        await cloud.store.submit(TxnSpec(label).add(MOVE, row.id, list(before), after))
    except GuardFailedError:
        raise InternalError(f"Management server {row.name} is {row.state}{otherwise}") from None
    return await shutdown_view(cloud, msgspec.structs.replace(row, state=after))
