"""updateNetwork: names, DNS, and another offering, which a router learns of at the next restart."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import ADMIN
from lakh.resources.addressing import check_suffix
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.network.access import guest_network
from lakh.resources.network.cached import Networks
from lakh.resources.network.design import check_name_servers
from lakh.resources.network.row import UPDATE
from lakh.resources.network.view import NetworkView, network_views
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.offering_scope import check_use
from lakh.store.statement import TxnSpec


class UpdateState(State):
    """What the row becomes; None keeps."""

    network_id: int
    name: str | None = None
    display_text: str | None = None
    network_domain: str | None = None
    dns1: str | None = None
    dns2: str | None = None
    display_network: bool | None = None
    offering_id: int | None = None


async def change(run: Run[UpdateState]) -> TxnSpec:
    cloud, state = run.cloud, run.state
    network = await cloud.part(Networks).get(state.network_id)
    if network is None or network.removed_ms is not None:
        raise ParameterError("The network was deleted meanwhile")
    given = {name: getattr(state, name) for name in state.__struct_fields__ if name != "network_id"}
    row = msgspec.structs.replace(network, **{name: value for name, value in given.items() if value is not None})
    if row != network and network.state == "Implemented" and _concerns_router(state):
        row = msgspec.structs.replace(row, restart_required=True)
    caller = await cloud.part(Accounts).get(run.job.account_id)
    view = (await network_views(cloud, [row], admin=caller is not None and caller.type == ADMIN))[0]
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("network.update").add(
        UPDATE, row.id, row.name, row.display_text, row.network_domain, row.dns1, row.dns2, row.display_network,
        row.offering_id, row.restart_required,
    )  # fmt: skip


def _concerns_router(state: UpdateState) -> bool:
    return (state.network_domain, state.dns1, state.dns2, state.offering_id) != (None, None, None, None)


class UpdateNetwork(
    JobCommand,
    answer=NetworkView,
    event="NETWORK.UPDATE",
    instance_type="Network",
    java_class="org.apache.cloudstack.api.command.admin.network.UpdateNetworkCmdByAdmin",
):
    """Updates a network."""

    id: Id = param("the network", required=True, entity="network")
    name: str | None = param("another name")
    displaytext: str | None = param("another longer name")
    networkdomain: str | None = param("another DNS suffix, while no Instance of it runs")
    dns1: str | None = param("another first DNS server", since="4.18.0")
    dns2: str | None = param("another second DNS server", since="4.18.0")
    displaynetwork: bool | None = param("show the network to its owner", roles=["Admin"])
    networkofferingid: Id | None = param("another network offering of the same type", entity="network_offering")

    FLOW = Flow(UpdateState, Step("change", change, commits=True))

    async def admit(self, call: Call) -> Admission:
        network = await guest_network(call, self.id, "id")
        check_suffix("networkdomain", self.networkdomain)
        check_name_servers(dns1=self.dns1, dns2=self.dns2)
        if self.networkofferingid is not None:
            offering = await live(call.cloud, NetworkOfferingRow, self.networkofferingid, "networkofferingid")
            await check_use(call, offering, network.zone_id)
            if offering.guest_type != network.guest_type or offering.state != "Enabled" or offering.is_system:
                raise ParameterError(
                    f"Can't upgrade from network offering of type {network.guest_type} to {offering.name}: choose an"
                    " enabled one of the same type"
                )
        state = UpdateState(
            network_id=network.id,
            name=self.name,
            display_text=self.displaytext,
            network_domain=self.networkdomain,
            dns1=self.dns1,
            dns2=self.dns2,
            display_network=self.displaynetwork,
            offering_id=self.networkofferingid,
        )
        return Admission(
            TxnSpec("network.update.admit"),
            state,
            instance=("Network", network.uuid),
            sync_key=f"network:{network.id}",
            owner=(network.account_id, network.domain_id),
            description=f"Updating network: {network.uuid}",
        )
