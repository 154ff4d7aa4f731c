"""deleteIso."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.template.removal import STEPS, RemovalState, admit_removal


class DeleteIso(
    JobCommand,
    answer=Success,
    java_class="org.apache.cloudstack.api.command.user.iso.DeleteIsoCmd",
    event="ISO.DELETE",
    instance_type="ISO",
):
    """Deletes an ISO, in one zone or everywhere, unless an Instance has it in its drive."""

    id: Id = param("the ISO", required=True, entity="template")
    zoneid: Id | None = param("the zone to delete it in; everywhere by default", entity="zone")

    FLOW = Flow(RemovalState, *STEPS)

    async def admit(self, call: Call) -> Admission:
        return await admit_removal(self, call, self.id, self.zoneid, iso=True, forced=False)
