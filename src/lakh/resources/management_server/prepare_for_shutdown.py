"""prepareForShutdown: a server takes no new jobs, so that it can go once those it has are done."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.management_server.shutdown_view import ReadyForShutdownView, moved


class PrepareForShutdown(
    SyncCommand, roles=ADMIN, answer=ReadyForShutdownView, object_name="prepareforshutdown", since="4.19.0"
):
    """Prepares a management server for its shutdown: it takes no new jobs, in none of its processes."""

    managementserverid: Id = param("the server", required=True, entity="management_server")

    async def run(self, call: Call) -> ReadyForShutdownView:
        return await moved(
            call.cloud,
            self.managementserverid,
            "server.drain",
            ("Up",),
            "PreparingForShutDown",
            otherwise="; only one that is Up can prepare for its shutdown",
        )
