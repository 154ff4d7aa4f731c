"""generateAlert: an alert that an operator or a program raises."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.catalogue.kinds import AlertType, alert_types
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Short
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.alert.raising import alert
from lakh.resources.command import Admission, Call, JobCommand
from lakh.store.statement import TxnSpec


class AlertState(State):
    type: int
    name: str
    description: str
    zone_id: int | None = None
    pod_id: int | None = None


async def raise_it(run: Run[AlertState]) -> TxnSpec:
    state = run.state
    kind = AlertType(state.type, state.name, state.name, True)
    run.finish(msgspec.json.encode({"success": True}))
    return await alert(run.cloud, kind, state.description, zone_id=state.zone_id, pod_id=state.pod_id)


class GenerateAlert(
    JobCommand,
    roles=ADMIN,
    since="4.3",
    java_class="org.apache.cloudstack.api.command.admin.alert.GenerateAlertCmd",
):
    """Generates an alert"""

    type: Short = param("number of the alert's type", required=True)
    name: str = param("name of the alert", required=True)
    description: str = param("what it says", required=True, max_length=999)
    zoneid: Id | None = param("the zone it is about", entity="zone")
    podid: Id | None = param("the pod it is about", entity="pod")

    FLOW = Flow(AlertState, Step("raise", raise_it, commits=True))

    async def admit(self, call: Call) -> Admission:
        if self.type not in {kind.id for kind in alert_types()}:
            raise ParameterError(f"Invalid parameter type {self.type}: listAlertTypes names those there are")
        state = AlertState(
            type=self.type, name=self.name, description=self.description, zone_id=self.zoneid, pod_id=self.podid
        )
        return Admission(TxnSpec("generateAlert"), state, description=f"generating alert {self.name}")
