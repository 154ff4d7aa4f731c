"""associateIpAddress: a public address for a guest network, told to its router where that runs."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address

from lakh.base.errors import LakhError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.ip_address.applying import apply_addresses
from lakh.resources.ip_address.new import new_ip_address
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import ALLOCATED, BY_ID, INSERT, RELEASE, IpAddressRow
from lakh.resources.ip_address.view import IpAddressView, ip_address_views
from lakh.resources.limit.charge import charge_owner, limit_error, release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.network.access import guest_network
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import provider_of
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError

ONE = Usage(public_ip=1)


class AssociateState(State):
    address_id: int


async def row_of(run: Run[AssociateState]) -> IpAddressRow:
    return (await run.cloud.store.rows(BY_ID, run.state.address_id))[0]


async def apply(run: Run[AssociateState]) -> None:
    await apply_addresses(run.cloud, await row_of(run), add=True)


async def unapply(run: Run[AssociateState]) -> None:
    await apply_addresses(run.cloud, await row_of(run), add=False)


async def publish(run: Run[AssociateState]) -> TxnSpec:
    row = await row_of(run)
    view = (await ip_address_views(run.cloud, [row]))[0]
    view.state = "Allocated"
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("ip_address.allocated").add(ALLOCATED, row.id)


async def give_back(run: Run[AssociateState]) -> TxnSpec:
    row, addresses = await row_of(run), run.cloud.part(PublicAddresses)
    run.when_committed(lambda: addresses.give_back(row.range_id, row.address))
    txn = TxnSpec("ip_address.given_back").add(RELEASE, row.id, run.cloud.now_ms())
    await release_owner(run.cloud, txn, row.account_id, row.domain_id, ONE)
    return txn


class AssociateIpAddress(
    JobCommand,
    creates=True,
    answer=IpAddressView,
    event="NET.IPASSIGN",
    instance_type="IpAddress",
    java_class="org.apache.cloudstack.api.command.admin.address.AssociateIPAddrCmdByAdmin",
):
    """Acquires and associates a public IP address with a guest network."""

    networkid: Id | None = param("the guest network", entity="network")
    zoneid: Id | None = param("the zone; that of the network", entity="zone")
    ipaddress: str | None = param("this address, if it is free")
    account: str | None = param("the account; that of the network")
    domainid: Id | None = param("the domain of the account", entity="domain")
    projectid: Id | None = param("the project", entity="project")
    fordisplay: bool = param("show the address to its owner", default=True, since="4.4", roles=["Admin"])

    FLOW = Flow(AssociateState, Step("apply", apply, unapply), Step("publish", publish, commits=True), failed=give_back)

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        if self.networkid is None:
            raise ParameterError("networkid: name the guest network that the address is for")
        network = await guest_network(call, self.networkid, "networkid")
        offering = (await cloud.snapshots.of(NetworkOfferingRow)).by_id[network.offering_id]
        if network.guest_type != "Isolated" or provider_of(offering, "SourceNat") is None:
            raise ParameterError(f"Network {network.name} has no SourceNat service, so it takes no public addresses")
        if self.zoneid not in (None, network.zone_id):
            raise ParameterError(f"Network {network.name} is not in the zone of zoneid")
        if self.ipaddress is not None:
            try:
                IPv4Address(self.ipaddress)
            except AddressValueError:
                raise ParameterError(f"Invalid parameter ipaddress {self.ipaddress}: give an IPv4 address") from None
        addresses = cloud.part(PublicAddresses)
        taken = await addresses.take(network.zone_id, network.account_id, network.domain_id, self.ipaddress)
        owner = (network.account_id, network.domain_id)
        row = new_ip_address(cloud, taken.address, taken.within, owner, network.id, state="Allocating")
        txn = TxnSpec("ip_address.associate").put(INSERT, row)
        await charge_owner(cloud, txn, network.account_id, network.domain_id, ONE)

        async def refused(lost: LakhError) -> LakhError | None:
            """Another server has the address, which stays counted as taken: another one. A limit is said."""
            if isinstance(lost, DuplicateError):
                return None if self.ipaddress is None else lost
            addresses.give_back(row.range_id, row.address)
            if isinstance(lost, GuardFailedError):
                error = await limit_error(cloud, lost, network.account_id, network.domain_id, ONE)
                return error if isinstance(error, LakhError) else lost
            return lost

        zone = (await cloud.snapshots.of(ZoneRow)).by_id[network.zone_id]
        return Admission(
            txn,
            AssociateState(address_id=row.id),
            instance=("IpAddress", row.uuid),
            created_uuid=row.uuid,
            sync_key=f"network:{network.id}",
            owner=(network.account_id, network.domain_id),
            description=f"associating IP to network ID: {network.uuid} in zone {zone.uuid}",
            refused=refused,
        )
