"""A new guest network: on which wires, with which subnet and DNS. What is left open here, implementing decides."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import AccountRow
from lakh.resources.addressing import subnet_of
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import DomainRow
from lakh.resources.live import live
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.physical_network.row import PhysicalNetworkRow, TrafficTypeRow
from lakh.resources.zone.row import ZoneRow

DEFAULT_GUEST_CIDR = "10.1.1.0/24"


async def physical_network_for(
    cloud: Cloud, zone: ZoneRow, offering: NetworkOfferingRow, wanted_id: int | None
) -> PhysicalNetworkRow:
    """The enabled physical network that carries guests, with the offering's tag. Raises ParameterError."""
    if wanted_id is not None:
        wanted = await live(cloud, PhysicalNetworkRow, wanted_id, "physicalnetworkid")
        if wanted.zone_id != zone.id:
            raise ParameterError(f"Physical network {wanted.name} is not in zone {zone.name}")
        if wanted.state != "Enabled":
            raise ParameterError(f"Physical network {wanted.name} is in incorrect state: {wanted.state}; enable it")
        return wanted
    carriers = {t.physical_network_id for t in await cloud.snapshots.of(TrafficTypeRow) if t.type == "Guest"}
    found = [
        p
        for p in await cloud.snapshots.of(PhysicalNetworkRow)
        if p.zone_id == zone.id and p.id in carriers and p.state == "Enabled"
    ]
    if offering.tags:
        found = [p for p in found if p.tags == offering.tags]
    if not found:
        tagged = f" and tag {offering.tags}" if offering.tags else ""
        raise ParameterError(
            f"Unable to find an enabled physical network with traffic type Guest{tagged} in zone {zone.name}"
        )
    if len(found) > 1:
        raise ParameterError(
            f"Zone {zone.name} has {len(found)} physical networks for guests: name one with physicalnetworkid, or use"
            " an offering with its tag"
        )
    return found[0]


def subnet(zone: ZoneRow, guest_type: str, gateway: str | None, netmask: str | None) -> tuple[str, str, str]:
    """(CIDR, gateway, netmask) of a network with addresses. Raises ParameterError."""
    if gateway and netmask:
        network = subnet_of(gateway, netmask)
        if IPv4Address(gateway) in (network.network_address, network.broadcast_address):
            raise ParameterError(f"Invalid parameter gateway {gateway}: it is not an address for hosts of {network}")
        if guest_type == "Isolated" and network.prefixlen > 30:
            raise ParameterError(f"Invalid parameter netmask {netmask}: the subnet {network} has no room for guests")
        return str(network), gateway, netmask
    if gateway or netmask:
        raise ParameterError("gateway and netmask must be specified together")
    if guest_type == "Shared":
        raise ParameterError("StartIp/endIp/gateway/netmask are required when creating a network of type Shared")
    whole = IPv4Network(zone.guest_cidr or DEFAULT_GUEST_CIDR)
    return str(whole), str(whole.network_address + 1), str(whole.netmask)


async def network_domain(cloud: Cloud, zone: ZoneRow, owner: AccountRow, given: str | None) -> str:
    """The DNS suffix: given, or the account's, its domain's, the zone's, else one made of the account's id."""
    if given:
        return given
    if owner.network_domain:
        return owner.network_domain
    domains = await cloud.snapshots.of(DomainRow)
    domain = domains.by_id.get(owner.domain_id)
    while domain is not None:
        if domain.network_domain:
            return domain.network_domain
        domain = domains.by_id.get(domain.parent_id or 0)
    if zone.network_domain:
        return zone.network_domain
    return f"cs{owner.id:x}{cloud.part(Settings).text('guest.domain.suffix') or 'cloud.internal'}"


def check_name_servers(**given: str | None) -> None:
    """Raises ParameterError for a DNS server that is no IPv4 address."""
    for name, text in given.items():
        if not text:
            continue
        try:
            IPv4Address(text)
        except AddressValueError:
            raise ParameterError(f"Invalid parameter {name} {text}: give an IPv4 address such as 192.0.2.53") from None
