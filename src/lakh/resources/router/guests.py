"""What a router is told of one guest: its lease, its password, its user data and metadata (addendum 2.4)."""

from __future__ import annotations

from typing import NamedTuple

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.ip_address.row import OF_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import provider_of
from lakh.resources.nic.row import NicRow
from lakh.resources.router.running import RunningRouter
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.row import VmRow
from lakh.resources.zone.row import ZoneRow
from lakh.wire.commands import router as commands
from lakh.wire.message import Message

PROVIDER = "VirtualRouter"


class Services(NamedTuple):
    """What the network's router does for guests."""

    dhcp: bool
    dns: bool
    user_data: bool

    @property
    def any(self) -> bool:
        return self.dhcp or self.user_data


def services_for_guests(offering: NetworkOfferingRow) -> Services:
    return Services(*(provider_of(offering, service) == PROVIDER for service in ("Dhcp", "Dns", "UserData")))


async def guest_commands(
    cloud: Cloud,
    router: RunningRouter,
    network: NetworkRow,
    services: Services,
    vm: VmRow,
    nic: NicRow,
    password: str | None,
) -> list[Message]:
    """All commands for one NIC with an address, in the order in which they must come."""
    assert nic.ip is not None
    found: list[Message] = []
    if services.dhcp:
        found.append(lease(cloud, router, network, services, vm, nic))
    if not services.user_data:
        return found
    template = (await cloud.snapshots.of(TemplateRow)).by_id.get(vm.template_id)
    if password and nic.is_default and template is not None and template.password_enabled:
        found.append(commands.save_password(router.access, ip=nic.ip, vm_name=vm.name, password=password))
    found.append(await data(cloud, router, network, vm, nic))
    return found


def lease(
    cloud: Cloud, router: RunningRouter, network: NetworkRow, services: Services, vm: VmRow, nic: NicRow
) -> Message:
    """The guest's DHCP entry. Only the default NIC's tells it a gateway."""
    return commands.dhcp_entry(
        router.access,
        mac=nic.mac,
        ip=nic.ip,
        vm_name=vm.name,
        gateway=nic.gateway if nic.is_default else None,
        dns=router.guest_ip if services.dns else network.dns1,
        default=nic.is_default,
        lease_seconds=cloud.part(Settings).integer("dhcp.lease.timeout"),
    )


def lease_removal(router: RunningRouter, vm: VmRow, nic: NicRow) -> Message:
    """The end of the guest's DHCP entry."""
    return commands.dhcp_entry(
        router.access, mac=nic.mac, ip=nic.ip, vm_name=vm.name, default=nic.is_default, remove=True
    )


async def data(cloud: Cloud, router: RunningRouter, network: NetworkRow, vm: VmRow, nic: NicRow) -> Message:
    """The guest's user data and metadata."""
    assert nic.ip is not None
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    compute = (await cloud.snapshots.of(ServiceOfferingRow)).by_id[vm.service_offering_id]
    public = await _public_ip(cloud, network) or nic.ip
    metadata: dict[str, str | None] = {
        "service-offering": compute.display_text,
        "availability-zone": zone.name,
        "local-ipv4": nic.ip,
        "local-hostname": vm.name,
        "public-ipv4": public,
        "public-hostname": public,
        "instance-id": vm.uuid,
        "vm-id": vm.uuid,
        "public-keys": vm.public_keys,
        "cloud-identifier": f"CloudStack-{{{cloud.part(Settings).text('cloud.identifier')}}}",
    }
    files: list[tuple[str, str, str | None]] = [("userdata", "user-data", vm.user_data)]
    files += [("metadata", name, text) for name, text in metadata.items()]
    return commands.vm_data(router.access, ip=nic.ip, vm_name=vm.name, files=files)


async def _public_ip(cloud: Cloud, network: NetworkRow) -> str | None:
    """The address behind which an isolated network's guests are seen."""
    if network.guest_type != "Isolated":
        return None
    known = cloud.part(SourceNat)
    if network.id not in known.addresses:
        rows = await cloud.store.rows(OF_NETWORK, network.id)
        known.addresses[network.id] = next((row.address for row in rows if row.is_source_nat), None)
    return known.addresses[network.id]


class SourceNat:
    """A part of the cloud: source NAT addresses by network id. They are as old as their network's implementation."""

    def __init__(self, cloud: Cloud) -> None:
        self.addresses: dict[int, str | None] = {}
        cloud.store.on_commit(self._changed)

    def _changed(self, tables: frozenset[str]) -> None:
        if "ip_address" in tables:
            self.addresses.clear()
