"""The rows of a network's router before it first starts: the VM, its root disk and its NICs (addendum 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from lakh.base.errors import ResourceUnavailableError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.system_addresses import zone_network
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import NicRow
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.template.system import system_template
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.vm.new_system import bare_nic, root_volume, system_vm
from lakh.resources.vm.row import DOMAIN_ROUTER, INSERT, VmRow
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import VolumeRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

BUILT_IN: Final = "Cloud.Com-SoftwareRouter"


@dataclass(slots=True)
class NewRouter:
    """What a router begins as."""

    vm: VmRow
    volume: VolumeRow
    nics: list[NicRow]

    def put(self, txn: TxnSpec) -> None:
        """Adds the inserts."""
        txn.put(INSERT, self.vm).put(INSERT_VOLUME, self.volume)
        for nic in self.nics:
            txn.put(INSERT_NIC, nic)


async def new_router(
    cloud: Cloud, network: NetworkRow, offering: NetworkOfferingRow, source_nat: IpAddressRow | None
) -> NewRouter:
    """The router of a network; with a public address it also routes, without one it serves addresses only.

    Raises ResourceUnavailableError where the zone has no template for it.
    """
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[network.zone_id]
    template = await _template(cloud, zone)
    owner = (network.account_id, network.domain_id)
    compute = await _compute(cloud, zone, offering)
    vm = system_vm(cloud, DOMAIN_ROUTER, owner, network.zone_id, template, compute, network.id)
    nics = [
        await _guest_nic(cloud, vm, network, is_default=source_nat is None),
        bare_nic(cloud, vm, await zone_network(cloud, zone, "Control"), 1),
    ]
    if source_nat is not None:
        public = bare_nic(cloud, vm, await zone_network(cloud, zone, "Public"), 2, is_default=True)
        within = (await cloud.snapshots.of(VlanRangeRow)).by_id[source_nat.range_id]
        nics.append(
            msgspec.structs.replace(
                public,
                ip=source_nat.address,
                netmask=within.netmask,
                gateway=within.gateway,
                broadcast_uri=within.vlan,
                state="Reserved",
            )
        )
    return NewRouter(vm, root_volume(cloud, vm, template), nics)


async def _template(cloud: Cloud, zone: ZoneRow) -> TemplateRow:
    index = cloud.part(HostIndex)
    await index.load()
    template = await system_template(cloud, zone.id, index.archs(zone.id))
    if template is None:
        raise ResourceUnavailableError(f"Zone {zone.name} has no system VM template that is ready for a virtual router")
    return template


async def _compute(cloud: Cloud, zone: ZoneRow, offering: NetworkOfferingRow) -> ServiceOfferingRow:
    """The network offering's, that of setting router.service.offering, or the one the product comes with."""
    offerings = await cloud.snapshots.of(ServiceOfferingRow)
    named = cloud.part(Settings).text("router.service.offering", ("Zone", zone.id))
    for found in (offerings.by_id.get(offering.service_offering_id or 0), offerings.by_uuid.get(named)):
        if found is not None and found.removed_ms is None and found.is_system:
            return found
    return next(o for o in offerings if o.unique_name == BUILT_IN)


async def _guest_nic(cloud: Cloud, vm: VmRow, network: NetworkRow, *, is_default: bool) -> NicRow:
    """The gateway of an isolated network; in a shared one, whose gateway is another, an address of its range."""
    ip = network.gateway
    if network.guest_type == "Shared":
        ip = await cloud.part(GuestAddresses).take(network)
    made = bare_nic(cloud, vm, network, 0, is_default=is_default)
    return msgspec.structs.replace(
        made,
        ip=ip,
        netmask=network.netmask,
        gateway=network.gateway,
        broadcast_uri=network.broadcast_uri,
        state="Reserved",
    )
