"""readyForShutdown: whether a server could go without leaving work behind."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.contract.view import Integer, View
from lakh.resources.command import Call, SyncCommand
from lakh.resources.live import live
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.management_server.view import AGENTS_SHOWN, connected_hosts

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


class ReadyForShutdown(SyncCommand, roles=ADMIN, answer=ReadyForShutdownView, since="4.19.0"):
    """Returns the status of the management server: whether a shutdown was asked for, and what is still under way."""

    managementserverid: Id = param("the server", required=True, entity="management_server")

    async def run(self, call: Call) -> ReadyForShutdownView:
        row = await live(call.cloud, ManagementServerRow, self.managementserverid, "managementserverid")
        own = row.id == call.cloud.server_id
        connected = connected_hosts(call.cloud) if own else []
        asked = row.state in ("PreparingForShutDown", "ReadyToShutDown", "ShuttingDown")
        return ReadyForShutdownView(
            managementserverid=row.uuid,
            state=row.state,
            readyforshutdown=row.state == "ReadyToShutDown",
            shutdowntriggered=asked,
            maintenanceinitiated=row.state in ("PreparingForMaintenance", "Maintenance"),
            pendingjobscount=call.cloud.worker.running if own else 0,
            agents=connected[:AGENTS_SHOWN],
            agentscount=len(connected),
        )
