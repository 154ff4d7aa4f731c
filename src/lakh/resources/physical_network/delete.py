"""deletePhysicalNetwork: with its traffic types, providers and VLAN IP ranges, unless a network lies on it."""

from __future__ import annotations

from lakh.base.errors import ResourceInUseError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.live import live
from lakh.resources.physical_network.row import (
    REMOVE,
    REMOVE_PROVIDER,
    REMOVE_TRAFFIC,
    PhysicalNetworkRow,
    ServiceProviderRow,
    TrafficTypeRow,
)
from lakh.resources.virtual_router_element.row import REMOVE_OF_PROVIDER
from lakh.resources.vlan.row import REMOVE as REMOVE_RANGE
from lakh.resources.vlan.row import VlanRangeRow
from lakh.store.statement import TxnSpec, statement

IN_USE = statement(
    "network.on_physical",
    "SELECT name FROM network WHERE physical_network_id = $1 AND removed_ms IS NULL AND NOT is_system LIMIT 1",
)


class DeleteState(State):
    physical_network_id: int


async def remove(run: Run[DeleteState]) -> TxnSpec:
    cloud = run.cloud
    row = await live(cloud, PhysicalNetworkRow, run.state.physical_network_id, "id")
    if users := await cloud.store.read(IN_USE, row.id):
        raise ResourceInUseError(f"Physical network {row.name} cannot be deleted: network {users[0][0]} uses it")
    now_ms = cloud.now_ms()
    txn = TxnSpec("physical_network.delete").add(REMOVE, row.id, now_ms)
    for traffic in await cloud.snapshots.of(TrafficTypeRow):
        if traffic.physical_network_id == row.id:
            txn.add(REMOVE_TRAFFIC, traffic.id, now_ms)
    for provider in await cloud.snapshots.of(ServiceProviderRow):
        if provider.physical_network_id == row.id:
            txn.add(REMOVE_PROVIDER, provider.id, now_ms)
            txn.add(REMOVE_OF_PROVIDER, provider.id, now_ms, expect=None)
    for found in await cloud.snapshots.of(VlanRangeRow):
        if found.physical_network_id == row.id:
            txn.add(REMOVE_RANGE, found.id, now_ms)
    return txn


class DeletePhysicalNetwork(
    JobCommand,
    event="PHYSICAL.NETWORK.DELETE",
    instance_type="PhysicalNetwork",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.network.DeletePhysicalNetworkCmd",
):
    """Deletes a physical network."""

    id: Id = param("the physical network", required=True, entity="physical_network")

    FLOW = Flow(DeleteState, Step("remove", remove, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await live(call.cloud, PhysicalNetworkRow, self.id, "id")
        return Admission(
            TxnSpec("physical_network.delete.admit"),
            DeleteState(physical_network_id=row.id),
            instance=("PhysicalNetwork", row.uuid),
            sync_key=f"physical network {row.uuid}",
            description=f"Deleting Physical network: {row.uuid}",
        )
