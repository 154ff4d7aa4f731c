"""deleteTrafficType: unless a network of that traffic lies on the physical network."""

from __future__ import annotations

from lakh.base.errors import ResourceInUseError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.live import live
from lakh.resources.physical_network.row import REMOVE_TRAFFIC, TrafficTypeRow
from lakh.store.statement import TxnSpec, statement

IN_USE = statement(
    "network.of_traffic",
    "SELECT name FROM network WHERE physical_network_id = $1 AND traffic_type = $2 AND removed_ms IS NULL LIMIT 1",
)


class DeleteState(State):
    traffic_type_id: int


async def remove(run: Run[DeleteState]) -> TxnSpec:
    cloud = run.cloud
    row = await live(cloud, TrafficTypeRow, run.state.traffic_type_id, "id")
    if users := await cloud.store.read(IN_USE, row.physical_network_id, row.type):
        raise ResourceInUseError(
            f"The traffic type {row.type} cannot be deleted: network {users[0][0]} carries it on this physical network"
        )
    return TxnSpec("traffic_type.delete").add(REMOVE_TRAFFIC, row.id, cloud.now_ms())


class DeleteTrafficType(
    JobCommand,
    event="TRAFFIC.TYPE.DELETE",
    instance_type="TrafficType",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.usage.DeleteTrafficTypeCmd",
):
    """Deletes a traffic type of a physical network."""

    id: Id = param("the traffic type", required=True, entity="traffic_type")

    FLOW = Flow(DeleteState, Step("remove", remove, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await live(call.cloud, TrafficTypeRow, self.id, "id")
        return Admission(
            TxnSpec("traffic_type.delete.admit"),
            DeleteState(traffic_type_id=row.id),
            instance=("TrafficType", row.uuid),
            description=f"Deleting Traffic Type: {row.uuid}",
        )
