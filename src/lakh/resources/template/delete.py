"""deleteTemplate."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.template.removal import STEPS, RemovalState, admit_removal


class DeleteTemplate(
    JobCommand,
    answer=Success,
    java_class="org.apache.cloudstack.api.command.user.template.DeleteTemplateCmd",
    event="TEMPLATE.DELETE",
    instance_type="Template",
):
    """Deletes a template, in one zone or everywhere. Instances made of it live on."""

    id: Id = param("the template", required=True, entity="template")
    zoneid: Id | None = param("the zone to delete it in; everywhere by default", entity="zone")
    forced: bool = param("also while Instances of it exist", default=False, since="4.9+")
    issystem: bool = param("it is a system VM template", default=False, since="4.20.0", roles=["Admin"])

    FLOW = Flow(RemovalState, *STEPS)

    async def admit(self, call: Call) -> Admission:
        return await admit_removal(self, call, self.id, self.zoneid, iso=False, forced=self.forced)
