"""implementNetwork, internal: from rows to a network that carries traffic (addendum 1.1).

One commit takes all that must be unique (VLAN, source NAT address, the router's NICs) and says Implementing; then the
router starts and is told its rules; the last commit says Implemented. `NetworkRow.implemented` counts these attempts,
whatever their end: those who need the network name the attempt they wait for, so that all share one and a failed one is
not found again.
"""

from __future__ import annotations

from functools import partial

from lakh.base.errors import ApiError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.reach import must
from lakh.resources.ip_address.new import new_ip_address
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import INSERT as INSERT_ADDRESS
from lakh.resources.ip_address.row import OF_NETWORK, RELEASE, IpAddressRow
from lakh.resources.limit.charge import charge_owner, limit_error, release_owner
from lakh.resources.limit.row import CHARGE, Usage
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.row import BY_ID, COUNT_IMPLEMENTED, NetworkRow
from lakh.resources.network.states import move
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import has_router, provider_of
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.physical_network.row import GIVE_VLAN_BACK, INSERT_VLAN, VLANS_OF, GuestVlanRow, PhysicalNetworkRow
from lakh.resources.physical_network.vlans import GuestVlans, scheme
from lakh.resources.proposals import proposed, recheck_proposals
from lakh.resources.router.new import new_router
from lakh.resources.router.rules import network_rules
from lakh.resources.router.running import RunningRouters
from lakh.resources.vm.row import ROUTERS_OF_NETWORK
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError
from lakh.wire.commands import router as commands

SOURCE_NAT = Usage(public_ip=1)


class ImplementState(State):
    """`router_id` is the router that this attempt makes; 0 for none. `began`: it moved the network from Allocated."""

    network_id: int
    router_id: int = 0
    began: bool = False
    charged: bool = False


async def network_now(run: Run[ImplementState]) -> NetworkRow:
    return (await run.cloud.store.rows(BY_ID, run.state.network_id))[0]


async def offering_of(cloud: Cloud, network: NetworkRow) -> NetworkOfferingRow:
    return (await cloud.snapshots.of(NetworkOfferingRow)).by_id[network.offering_id]


# --- claim -----------------------------------------------------------------------------------------------------------
async def claim(run: Run[ImplementState]) -> TxnSpec:
    """Takes a VLAN, a source NAT address and the router's rows, where the network needs them and has none."""
    cloud, state = run.cloud, run.state
    network, txn = await network_now(run), TxnSpec("network.claim")
    offering = await offering_of(cloud, network)
    await recheck_proposals(run)
    if network.state == "Allocated":
        state.began = True
        uri = await _take_vlan(run, txn, network)
        network = move(txn, network, "ImplementNetwork", broadcast_uri=uri)
    source_nat = await _source_nat(run, txn, network, offering)
    state.router_id = 0
    routed = has_router(offering) and network.guest_type != "L2"
    if routed and not await cloud.store.rows(ROUTERS_OF_NETWORK, network.id):
        made = await new_router(cloud, network, offering, source_nat)
        made.put(txn)
        if network.guest_type == "Shared":  # elsewhere it has the gateway's address, which nobody deals
            guest = made.nics[0]
            proposed(run, lambda: cloud.part(GuestAddresses).recheck(guest.network_id, guest.ip))
        state.router_id = made.vm.id
    return txn


async def _take_vlan(run: Run[ImplementState], txn: TxnSpec, network: NetworkRow) -> str:
    cloud = run.cloud
    physical = (await cloud.snapshots.of(PhysicalNetworkRow)).by_id[network.physical_network_id or 0]
    vlan = await cloud.part(GuestVlans).take(physical)
    proposed(run, lambda: cloud.part(GuestVlans).recheck(physical.id, vlan))
    row = GuestVlanRow(cloud.id("guest_vlan"), physical.id, vlan, network.id, network.account_id, cloud.now_ms())
    txn.put(INSERT_VLAN, row)
    return f"{scheme(physical)}://{vlan}"


async def _source_nat(
    run: Run[ImplementState], txn: TxnSpec, network: NetworkRow, offering: NetworkOfferingRow
) -> IpAddressRow | None:
    """The network's source NAT address: the one it has, or a new one, which counts as its owner's."""
    cloud = run.cloud
    if provider_of(offering, "SourceNat") is None or network.guest_type != "Isolated":
        return None
    for known in await cloud.store.rows(OF_NETWORK, network.id):
        if known.is_source_nat:
            return known
    await _check_limit(cloud, network)
    addresses = cloud.part(PublicAddresses)
    taken = await addresses.take(network.zone_id, network.account_id, network.domain_id)
    proposed(run, lambda: addresses.recheck(network.zone_id, taken.within.id, taken.address))
    owner = (network.account_id, network.domain_id)
    row = new_ip_address(cloud, taken.address, taken.within, owner, network.id, is_source_nat=True)
    txn.put(INSERT_ADDRESS, row)
    await charge_owner(cloud, txn, network.account_id, network.domain_id, SOURCE_NAT)
    run.state.charged = True
    return row


async def _check_limit(cloud: Cloud, network: NetworkRow) -> None:
    """Says which limit would be passed before the guard would; the guard decides among concurrent ones."""
    probe = GuardFailedError("network.claim", CHARGE.name, 1, 0)
    error = await limit_error(cloud, probe, network.account_id, network.domain_id, SOURCE_NAT)
    if isinstance(error, ApiError):
        raise error


async def unclaim(run: Run[ImplementState]) -> TxnSpec:
    """Gives everything back; the network is Allocated again."""
    cloud, state = run.cloud, run.state
    network, txn = await network_now(run), TxnSpec("network.unclaim")
    if state.charged:
        for address in await cloud.store.rows(OF_NETWORK, network.id):
            if address.is_source_nat:
                txn.add(RELEASE, address.id, cloud.now_ms())
                _free_when_committed(run, address)
        await release_owner(cloud, txn, network.account_id, network.domain_id, SOURCE_NAT)
    if not state.began:
        return txn.add(COUNT_IMPLEMENTED, network.id, network.implemented)
    vlans = await cloud.store.read(VLANS_OF, network.id)
    txn.add(GIVE_VLAN_BACK, network.id, expect=None)
    for physical_network_id, vlan in vlans:
        run.when_committed(partial(cloud.part(GuestVlans).give_back, physical_network_id, vlan))
    network = move(txn, network, "OperationFailed", broadcast_uri=None)
    move(txn, network, "OperationSucceeded", broadcast_uri=None, ended=True)
    return txn


def _free_when_committed(run: Run[ImplementState], address: IpAddressRow) -> None:
    run.when_committed(lambda: run.cloud.part(PublicAddresses).give_back(address.range_id, address.address))


# --- router ----------------------------------------------------------------------------------------------------------
async def launch(run: Run[ImplementState]) -> None:
    """Starts the router that was made."""
    if run.state.router_id:
        await run.child("launchRouter", "router", id=run.state.router_id)


async def unlaunch(run: Run[ImplementState]) -> None:
    """Ends it again. Every try is a child of its own: one that failed stays failed."""
    if run.state.router_id:
        tries = run.memory["ends"] = run.memory.get("ends", 0) + 1
        await run.child("expungeRouter", f"no router {tries}", id=run.state.router_id)


async def program(run: Run[ImplementState]) -> None:
    """Tells a router that routes the network's rules once more, each in a request of its own."""
    cloud = run.cloud
    network = await network_now(run)
    router = await cloud.part(RunningRouters).of(network.id)
    if router is None or not run.state.began:
        return
    nics = await cloud.store.rows(NICS_OF_VM, router.vm_id)
    await must(cloud, router.host_id, commands.aggregation(router.access, "Start"))
    for command in await network_rules(cloud, router, network, await offering_of(cloud, network), nics):
        await must(cloud, router.host_id, command)
    await must(cloud, router.host_id, commands.aggregation(router.access, "Finish"))


async def publish(run: Run[ImplementState]) -> TxnSpec:
    network, txn = await network_now(run), TxnSpec("network.implemented")
    if run.state.began:
        move(txn, network, "OperationSucceeded", broadcast_uri=network.broadcast_uri, ended=True)
        return txn
    return txn.add(COUNT_IMPLEMENTED, network.id, network.implemented)


class ImplementNetwork(JobCommand, internal=True, instance_type="Network"):
    """Implements a network, or gives one that has lost its router a new one."""

    networkid: Id = param("the network", required=True, entity="network")

    FLOW = Flow(
        ImplementState,
        Step("claim", claim, unclaim, commits=True),
        Step("router", launch, unlaunch),
        Step("program", program),
        Step("publish", publish, commits=True),
        failed=recheck_proposals,
    )

    async def admit(self, call: Call) -> Admission:
        network = (await call.cloud.store.rows(BY_ID, self.networkid))[0]
        return Admission(
            TxnSpec("network.implement.admit"),
            ImplementState(network_id=network.id),
            instance=("Network", network.uuid),
            sync_key=f"network:{network.id}",
        )
