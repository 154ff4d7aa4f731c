"""deleteNetwork: its routers first, then its VLAN, addresses and rows. One that Instances are in stays."""

from __future__ import annotations

from typing import Any

from lakh.base.errors import InternalError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import OF_NETWORK, RELEASE, IpAddressRow
from lakh.resources.limit.charge import release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.network.access import guest_network
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.row import BY_ID, HOLD, REMOVE, NetworkRow
from lakh.resources.network.states import move
from lakh.resources.physical_network.row import GIVE_VLAN_BACK, VLANS_OF
from lakh.resources.physical_network.vlans import GuestVlans
from lakh.resources.vlan.row import REMOVE_OF_NETWORK
from lakh.resources.vm.row import ROUTERS_OF_NETWORK
from lakh.store.statement import TxnSpec, statement

USERS = statement(
    "vm.names_in_network",
    "SELECT vm.name, vm.state FROM nic JOIN vm ON vm.id = nic.vm_id WHERE nic.network_id = $1"
    " AND nic.removed_ms IS NULL AND vm.type = 'User' AND vm.removed_ms IS NULL"
    " ORDER BY nic.network_id, nic.id LIMIT 1",
)

EMPTY = statement(
    "network.empty",
    "UPDATE network SET state = state WHERE id = $1 AND removed_ms IS NULL AND NOT EXISTS (SELECT 1 FROM nic"
    " JOIN vm ON vm.id = nic.vm_id WHERE nic.network_id = $1 AND nic.removed_ms IS NULL AND vm.type = 'User'"
    " AND vm.removed_ms IS NULL)",
)
"""After HOLD: no Instance came while it was looked for."""


class DeleteState(State):
    network_id: int


async def network_of(run: Run[DeleteState]) -> NetworkRow:
    """The network as it is now. Raises InternalError when it is gone."""
    rows = await run.cloud.store.rows(BY_ID, run.state.network_id)
    if not rows or rows[0].removed_ms is not None:
        raise InternalError("The network was deleted already")
    return rows[0]


async def begin(run: Run[DeleteState]) -> TxnSpec:
    """Commits state Shutdown for one that is implemented."""
    network = await network_of(run)
    if users := await run.cloud.store.read(USERS, network.id):
        raise InternalError(
            f"Can't delete the network {network.name}, not all user vms are expunged: {users[0][0]} is {users[0][1]}"
        )
    txn = TxnSpec("network.delete.begin").add(HOLD, network.id).add(EMPTY, network.id)
    if network.state == "Implemented":
        move(txn, network, "DestroyNetwork", broadcast_uri=network.broadcast_uri)
    elif network.state == "Implementing":
        raise InternalError(f"The network {network.name} is being implemented; delete it when that has ended")
    return txn


async def destroy_routers(run: Run[DeleteState]) -> None:
    for router in await run.cloud.store.rows(ROUTERS_OF_NETWORK, run.state.network_id):
        await run.child("expungeRouter", f"router {router.id}", id=router.id)


async def remove(run: Run[DeleteState]) -> TxnSpec:
    """Gives back what the network took. Fails when an Instance came into it meanwhile."""
    cloud, network = run.cloud, await network_of(run)
    now_ms, txn = cloud.now_ms(), TxnSpec("network.delete").add(HOLD, network.id)
    if network.state == "Shutdown":
        network = move(txn, network, "OperationSucceeded", broadcast_uri=None, ended=True)
    addresses = await cloud.store.rows(OF_NETWORK, network.id)
    for address in addresses:
        txn.add(RELEASE, address.id, now_ms)
    vlans = await cloud.store.read(VLANS_OF, network.id)
    txn.add(GIVE_VLAN_BACK, network.id, expect=None)
    txn.add(REMOVE_OF_NETWORK, network.id, now_ms, expect=None)
    txn.add(REMOVE, network.id, now_ms)
    usage = Usage(network=1 if network.acl_type == "Account" else 0, public_ip=len(addresses))
    await release_owner(cloud, txn, network.account_id, network.domain_id, usage)
    run.when_committed(lambda: _forget(cloud, network, addresses, vlans))
    return txn


def _forget(cloud: Cloud, network: NetworkRow, addresses: list[IpAddressRow], vlans: list[tuple[Any, ...]]) -> None:
    """Memory deals anew what was given back."""
    for address in addresses:
        cloud.part(PublicAddresses).give_back(address.range_id, address.address)
    for physical_network_id, vlan in vlans:
        cloud.part(GuestVlans).give_back(physical_network_id, vlan)
    cloud.part(GuestAddresses).forget(network.id)


class DeleteNetwork(
    JobCommand,
    event="NETWORK.DELETE",
    instance_type="Network",
    java_class="org.apache.cloudstack.api.command.user.network.DeleteNetworkCmd",
):
    """Deletes a network."""

    id: Id = param("the network", required=True, entity="network")
    forced: bool = param("delete it even where its routers cannot be reached", default=False)

    FLOW = Flow(
        DeleteState,
        Step("begin", begin, commits=True),
        Step("routers", destroy_routers),
        Step("remove", remove, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        network = await guest_network(call, self.id, "id")
        return Admission(
            TxnSpec("network.delete.admit"),
            DeleteState(network_id=network.id),
            instance=("Network", network.uuid),
            sync_key=f"network:{network.id}",
            owner=(network.account_id, network.domain_id),
            description=f"Deleting network: {network.uuid}",
        )
