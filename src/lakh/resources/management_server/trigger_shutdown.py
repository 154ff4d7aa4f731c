"""triggerShutdown: a server takes no new jobs, and stops in order once those it has are done."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.management_server.shutdown_view import ReadyForShutdownView, moved


class TriggerShutdown(
    SyncCommand, roles=ADMIN, answer=ReadyForShutdownView, object_name="triggershutdown", since="4.19.0"
):
    """Stops a management server, with all of its processes, once none of its jobs is left. There is no way back."""

    managementserverid: Id = param("the server", required=True, entity="management_server")

    async def run(self, call: Call) -> ReadyForShutdownView:
        return await moved(
            call.cloud,
            self.managementserverid,
            "server.shut_down",
            ("Up", "PreparingForShutDown", "ReadyToShutDown"),
            "ShuttingDown",
            otherwise="; only one that is Up, or prepares for its shutdown, can be shut down",
        )
