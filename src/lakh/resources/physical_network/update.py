"""updatePhysicalNetwork: state, speed, tags, and more or fewer guest VLANs."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import flag_state, live
from lakh.resources.physical_network.row import UPDATE, PhysicalNetworkRow
from lakh.resources.physical_network.view import PhysicalNetworkView, physical_network_view
from lakh.resources.physical_network.vlans import GuestVlans, parse_ranges, without
from lakh.store.statement import TxnSpec


class UpdateState(State):
    """What the row becomes; None keeps."""

    physical_network_id: int
    state: str | None = None
    vlan: str | None = None
    network_speed: str | None = None
    tags: str | None = None


async def change(run: Run[UpdateState]) -> TxnSpec:
    """Refuses to take away a VLAN that a network uses."""
    cloud, state = run.cloud, run.state
    row = await live(cloud, PhysicalNetworkRow, state.physical_network_id, "id")
    if state.vlan is not None:
        ranges = parse_ranges(state.vlan, row.isolation_methods)
        before = parse_ranges(row.vlan, row.isolation_methods)
        vlan = await cloud.part(GuestVlans).first_taken(row, without(before, ranges))
        if vlan is not None:
            raise ParameterError(f"VLAN {vlan} is in use; the new vlan range {state.vlan} must keep it")
    given = {
        "state": state.state,
        "vlan": state.vlan,
        "network_speed": state.network_speed,
        "tags": state.tags,
    }
    row = msgspec.structs.replace(row, **{name: value for name, value in given.items() if value is not None})
    run.finish(result_json(run, await physical_network_view(cloud, row), run.job.command))
    return TxnSpec("physical_network.update").add(UPDATE, row.id, row.state, row.vlan, row.network_speed, row.tags)


class UpdatePhysicalNetwork(
    JobCommand,
    answer=PhysicalNetworkView,
    event="PHYSICAL.NETWORK.UPDATE",
    instance_type="PhysicalNetwork",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.network.UpdatePhysicalNetworkCmd",
):
    """Updates a physical network."""

    id: Id = param("the physical network", required=True, entity="physical_network")
    networkspeed: str | None = param("the speed, such as 1G")
    state: str | None = param("Enabled or Disabled")
    tags: Strings = param("tags that network offerings name")
    vlan: str | None = param("all guest VLAN ranges, in place of those so far")

    FLOW = Flow(UpdateState, Step("change", change, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await live(call.cloud, PhysicalNetworkRow, self.id, "id")
        if len(self.tags) > 1:
            raise ParameterError("Only one tag can be specified for a physical network at this time")
        if self.vlan is not None:
            parse_ranges(self.vlan, row.isolation_methods)
        state = UpdateState(
            physical_network_id=row.id,
            state=flag_state("state", self.state, ("Enabled", "Disabled")),
            vlan=self.vlan,
            network_speed=self.networkspeed,
            tags=",".join(self.tags) if call.has("tags") else None,
        )
        return Admission(
            TxnSpec("physical_network.update.admit"),
            state,
            instance=("PhysicalNetwork", row.uuid),
            sync_key=f"physical network {row.uuid}",
            description=f"Updating Physical network: {row.uuid}",
        )
