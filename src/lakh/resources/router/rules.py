"""A router's configuration beyond single guests: its public addresses and what it lets through (addendum 2.2, 1.1)."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.ip_address.row import OF_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import provider_of
from lakh.resources.nic.row import NicRow
from lakh.resources.router.guests import PROVIDER, guest_commands, services_for_guests
from lakh.resources.router.running import RunningRouter
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.vm.row import VmRow
from lakh.store.statement import select
from lakh.wire.commands import router as commands
from lakh.wire.commands.router import access_details
from lakh.wire.message import Message

NICS_IN_USE = select(
    "nic.of_running_in_network",
    NicRow,
    "WHERE network_id = $1 AND removed_ms IS NULL AND EXISTS (SELECT 1 FROM vm WHERE vm.id = nic.vm_id"
    " AND vm.type = 'User' AND vm.state IN ('Running', 'Migrating', 'Stopping') AND vm.removed_ms IS NULL)"
    " ORDER BY id",
)
VMS = select("vm.for_router", VmRow, "WHERE id = ANY($1) ORDER BY id")


async def network_rules(
    cloud: Cloud, router: RunningRouter, network: NetworkRow, offering: NetworkOfferingRow, nics: list[NicRow]
) -> list[Message]:
    """Public addresses, source NAT first, and the default for traffic that goes out."""
    found: list[Message] = []
    public = next((nic for nic in nics if nic.traffic_type == "Public"), None)
    if public is not None:
        found.append(await _addresses(cloud, router, network, public))
    if provider_of(offering, "Firewall") == PROVIDER:
        access = router.access | {"firewall.egress.default": str(offering.egress_default_policy).lower()}
        rule = commands.firewall_rule(
            id=0,
            protocol="all",
            cidrs=[network.cidr] if network.cidr else [],
            destination_cidrs=["0.0.0.0/0"],
            traffic_type="Egress",
            guest_cidr=network.cidr,
            egress_allowed=offering.egress_default_policy,
        )
        found.append(commands.firewall_rules(access, [rule | {"type": "System"}]))
    return found


async def _addresses(cloud: Cloud, router: RunningRouter, network: NetworkRow, public: NicRow) -> Message:
    ranges = await cloud.snapshots.of(VlanRangeRow)
    rows = sorted(await cloud.store.rows(OF_NETWORK, network.id), key=lambda row: (not row.is_source_nat, row.id))
    shown = []
    for position, row in enumerate(rows):
        within = ranges.by_id[row.range_id]
        shown.append(
            commands.public_address(
                ip=row.address,
                account_id=row.account_id,
                vlan_uri=within.vlan,
                gateway=within.gateway,
                netmask=within.netmask,
                mac=public.mac,
                source_nat=row.is_source_nat,
                first=position == 0,
                device_id=public.device_id,
            )
        )
    access = access_details(
        control_ip=router.control_ip,
        router_name=router.name,
        guest_ip=router.guest_ip,
        account_id=network.account_id,
        more={"network.public.last.ip": "false"},
    )
    return commands.ip_assoc(access, shown)


async def guest_entries(
    cloud: Cloud, router: RunningRouter, network: NetworkRow, offering: NetworkOfferingRow
) -> list[Message]:
    """Leases and data of the Instances that run in the network: all that a router forgets when it stops."""
    services = services_for_guests(offering)
    if not services.any:
        return []
    nics = await cloud.store.rows(NICS_IN_USE, network.id)
    vms = {vm.id: vm for vm in await cloud.store.rows(VMS, sorted({nic.vm_id for nic in nics}))} if nics else {}
    leases: list[Message] = []
    files: list[Message] = []
    for nic in nics:
        if nic.ip is None or nic.vm_id not in vms:
            continue
        told = await guest_commands(cloud, router, network, services, vms[nic.vm_id], nic, None)
        for command in told:
            (leases if command.name == "DhcpEntryCommand" else files).append(command)
    return leases + files
