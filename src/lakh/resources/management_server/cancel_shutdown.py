"""cancelShutdown: a server that prepared for its shutdown takes jobs again."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.management_server.shutdown_view import ReadyForShutdownView, moved


class CancelShutdown(
    SyncCommand, roles=ADMIN, answer=ReadyForShutdownView, object_name="cancelshutdown", since="4.19.0"
):
    """Lets a management server that prepares for its shutdown take jobs again."""

    managementserverid: Id = param("the server", required=True, entity="management_server")

    async def run(self, call: Call) -> ReadyForShutdownView:
        return await moved(
            call.cloud,
            self.managementserverid,
            "server.serve",
            ("PreparingForShutDown",),
            "Up",
            otherwise=": no shutdown is being prepared that could be cancelled",
        )
