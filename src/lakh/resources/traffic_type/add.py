"""addTrafficType: which traffic a physical network carries, and over which bridge of the hosts."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.physical_network.row import INSERT_TRAFFIC, PhysicalNetworkRow, TrafficTypeRow
from lakh.resources.physical_network.view import TrafficTypeView, traffic_type_view
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

TYPES = ("Public", "Management", "Control", "Vpn", "Storage", "Guest")


class MadeState(State):
    traffic_type_id: int


async def made(run: Run[MadeState]) -> TxnSpec:
    rows = await run.cloud.snapshots.of(TrafficTypeRow)
    view = await traffic_type_view(run.cloud, rows.by_id[run.state.traffic_type_id])
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("traffic_type.made")


class AddTrafficType(
    JobCommand,
    creates=True,
    answer=TrafficTypeView,
    event="TRAFFIC.TYPE.CREATE",
    instance_type="TrafficType",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.usage.AddTrafficTypeCmd",
):
    """Adds a traffic type to a physical network."""

    physicalnetworkid: Id = param("the physical network", required=True, entity="physical_network")
    traffictype: str = param("Guest, Public, Management, Control, Storage or Vpn", required=True)
    kvmnetworklabel: str | None = param("the bridge on KVM hosts")
    vlan: str | None = param("the VLAN id of the management traffic, where it has one")
    isolationmethod: str | None = param("the isolation method of this traffic")

    FLOW = Flow(MadeState, Step("made", made, commits=True))

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        physical = await live(cloud, PhysicalNetworkRow, self.physicalnetworkid, "physicalnetworkid")
        kind = next((t for t in TYPES if t.lower() == self.traffictype.lower()), None)
        if kind is None:
            raise ParameterError(f"Invalid parameter traffictype {self.traffictype}: give one of {', '.join(TYPES)}")
        if self.isolationmethod and self.isolationmethod.upper() not in physical.isolation_methods.split(","):
            raise ParameterError(
                f"Physical network {physical.name} has isolation {physical.isolation_methods or 'none'},"
                f" not {self.isolationmethod}"
            )
        await self._check_once(cloud, physical, kind)
        row = TrafficTypeRow(cloud.id("traffic_type"), cloud.uuid(), physical.id, kind, self.kvmnetworklabel, self.vlan)
        return Admission(
            TxnSpec("traffic_type.add").put(INSERT_TRAFFIC, row),
            MadeState(traffic_type_id=row.id),
            instance=("TrafficType", row.uuid),
            created_uuid=row.uuid,
            description=f"Adding physical network traffic type. Id: {row.uuid}",
        )

    async def _check_once(self, cloud: Cloud, physical: PhysicalNetworkRow, kind: str) -> None:
        """Of the zone's own kinds of traffic each is carried once in it; guests may have several networks."""
        networks = await cloud.snapshots.of(PhysicalNetworkRow)
        zone = (await cloud.snapshots.of(ZoneRow)).by_id[physical.zone_id]
        for known in await cloud.snapshots.of(TrafficTypeRow):
            if known.type != kind:
                continue
            if known.physical_network_id == physical.id:
                raise ParameterError(f"This physical network already supports the traffic type: {kind}")
            if kind != "Guest" and networks.by_id[known.physical_network_id].zone_id == zone.id:
                raise ParameterError(f"Zone {zone.name} already has a physical network for traffic type {kind}")
