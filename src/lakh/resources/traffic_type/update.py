"""updateTrafficType: another bridge."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.physical_network.row import UPDATE_TRAFFIC, TrafficTypeRow
from lakh.resources.physical_network.view import TrafficTypeView, traffic_type_view
from lakh.store.statement import TxnSpec


class UpdateState(State):
    traffic_type_id: int
    label: str | None = None


async def change(run: Run[UpdateState]) -> TxnSpec:
    row = await live(run.cloud, TrafficTypeRow, run.state.traffic_type_id, "id")
    row = msgspec.structs.replace(row, kvm_label=run.state.label or row.kvm_label)
    run.finish(result_json(run, await traffic_type_view(run.cloud, row), run.job.command))
    return TxnSpec("traffic_type.update").add(UPDATE_TRAFFIC, row.id, row.kvm_label)


class UpdateTrafficType(
    JobCommand,
    answer=TrafficTypeView,
    event="TRAFFIC.TYPE.UPDATE",
    instance_type="TrafficType",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.usage.UpdateTrafficTypeCmd",
):
    """Updates a traffic type of a physical network."""

    id: Id = param("the traffic type", required=True, entity="traffic_type")
    kvmnetworklabel: str | None = param("the bridge on KVM hosts")

    FLOW = Flow(UpdateState, Step("change", change, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await live(call.cloud, TrafficTypeRow, self.id, "id")
        return Admission(
            TxnSpec("traffic_type.update.admit"),
            UpdateState(traffic_type_id=row.id, label=self.kvmnetworklabel),
            instance=("TrafficType", row.uuid),
            description=f"Updating Traffic Type: {row.uuid}",
        )
