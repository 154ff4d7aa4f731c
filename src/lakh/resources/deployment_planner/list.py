"""listDeploymentPlanners: the planners that a service offering may name."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import ADMIN
from lakh.contract.view import View
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.deployment_planner.available import available_planners


class DeploymentPlannerView(View):
    OBJECT: ClassVar[str] = "deploymentPlanner"

    name: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ListDeploymentPlanners(ListCommand, roles=ADMIN, answer=DeploymentPlannerView):
    """Lists deployment planners."""

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        found = available_planners(call.cloud)
        return Listed(len(found), [DeploymentPlannerView(name=name) for name in found[offset : offset + limit]])
