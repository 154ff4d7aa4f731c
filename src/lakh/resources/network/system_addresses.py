"""Addresses of system VMs' NICs: link-local, of a pod, public (addendum 2.1, 3.1). Memory proposes, indexes decide.

Link-local and pod addresses are those of NICs in the zone's Control and Management networks. A link-local one means
something to the VM's host only; it is unique within the pod, so that a pod has 65,000 of them, and a zone as many as
its pods. A public one is a row of ip_address besides, since users' addresses come from the same ranges.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from lakh.base.errors import InsufficientCapacityError, ResourceUnavailableError
from lakh.jobs.cloud import Cloud
from lakh.resources.address_pools import AddressPools, Asked, read_pages
from lakh.resources.configuration.values import Settings
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.network.access import SharedNetworks
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.system import system_network
from lakh.resources.nic.row import (
    ADDRESS_TAKEN,
    ADDRESSES_AFTER,
    INSERT,
    POD_ADDRESS_TAKEN,
    POD_ADDRESSES_AFTER,
)
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import Step

_PLACES = tuple(INSERT.insert_columns.index(name) for name in ("network_id", "ip"))


class SystemAddress(NamedTuple):
    """What a NIC gets. `range_id` names the public range; `mac` and `pod_id` are given for control NICs only."""

    ip: str
    netmask: str
    gateway: str
    broadcast_uri: str | None = None
    range_id: int | None = None
    mac: str | None = None
    pod_id: int | None = None


class SystemAddresses:
    """A part of the cloud: proposes addresses. All methods raise InsufficientCapacityError when none is left."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pools: AddressPools[tuple[int, int]] = AddressPools(cloud, self._taken)  # by network and pod
        self._links: AddressPools[tuple[int, int]] = AddressPools(cloud, self._links_taken)  # the same, link-local
        cloud.store.follow_others("nic", self._others, ("network_id", "ip"))

    async def control(self, zone: ZoneRow, pod: PodRow) -> SystemAddress:
        """A link-local address of `control.cidr` for a VM in the pod; the MAC address carries it."""
        settings = self._cloud.part(Settings)
        subnet, gateway = IPv4Network(settings.text("control.cidr")), settings.text("control.gateway")
        network = await zone_network(self._cloud, zone, "Control")
        whole = (int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1)
        ip = await _take(self._links, network, pod, whole, (int(IPv4Address(gateway)),))
        if ip is None:
            raise InsufficientCapacityError(f"Pod {pod.name} has no free link-local address in {subnet}")
        mac = "0e:00:" + ":".join(f"{byte:02x}" for byte in ip.packed)
        return SystemAddress(str(ip), str(subnet.netmask), gateway, mac=mac, pod_id=pod.id)

    async def management(self, zone: ZoneRow, pod: PodRow) -> SystemAddress:
        """An address of the pod's range for system VMs."""
        network = await zone_network(self._cloud, zone, "Management")
        ip = await _take(self._pools, network, pod, _numbers(pod.start_ip, pod.end_ip), ())
        if ip is None:
            raise InsufficientCapacityError(f"Pod {pod.name} has no free address for a system VM")
        return SystemAddress(str(ip), pod.netmask, pod.gateway)

    async def public(self, zone: ZoneRow) -> SystemAddress:
        """A public address: of ranges kept for system VMs first, then of those that belong to nobody."""
        found = await self._cloud.part(PublicAddresses).take_for_system(zone.id)
        if found is None:
            raise InsufficientCapacityError(f"Zone {zone.name} has no free public address for a system VM")
        each = found.within
        return SystemAddress(found.address, each.netmask, each.gateway, each.vlan, each.id)

    def give_back(self, network: NetworkRow, ip: str | None, pod_id: int | None) -> None:
        """Counts an address of the Control or Management network as free again."""
        if ip is not None:
            pools = self._links if network.traffic_type == "Control" else self._pools
            pools.give_back((network.id, pod_id or 0), int(IPv4Address(ip)))

    async def recheck(self, network_id: int, ip: str, pod_id: int) -> None:
        """Counts a proposed address of a pod's range as free again unless some NIC has it."""
        if not await self._cloud.store.read(ADDRESS_TAKEN, network_id, ip):
            self._pools.give_back((network_id, pod_id), int(IPv4Address(ip)))

    async def recheck_control(self, network_id: int, ip: str, pod_id: int) -> None:
        """As `recheck`, of a link-local one."""
        if not await self._cloud.store.read(POD_ADDRESS_TAKEN, pod_id, network_id, ip):
            self._links.give_back((network_id, pod_id), int(IPv4Address(ip)))

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has given addresses away, or may have. What it took back is found when all seem taken."""
        for step in steps:
            if step.statement is INSERT:
                network_id, ip = (step.arguments[place] for place in _PLACES)
                for key in self._pools.all_taken() if ip is not None else ():
                    if key[0] == network_id:
                        self._pools.note(key, int(IPv4Address(ip)))
            elif not step.statement.text:
                self._pools.forget_all()
                self._links.forget_all()

    def _taken(self, key: tuple[int, int]) -> AsyncIterator[Iterable[int]]:
        return read_pages(self._cloud.store, ADDRESSES_AFTER, (key[0],), "", lambda row: int(IPv4Address(row[0])))

    def _links_taken(self, key: tuple[int, int]) -> AsyncIterator[Iterable[int]]:
        network_id, pod_id = key
        return read_pages(
            self._cloud.store, POD_ADDRESSES_AFTER, (pod_id, network_id), "", lambda row: int(IPv4Address(row[0]))
        )


async def _take(
    pools: AddressPools[tuple[int, int]],
    network: NetworkRow,
    pod: PodRow,
    numbers: tuple[int, int],
    kept: Iterable[int],
) -> IPv4Address | None:
    number = await Asked(pools, (network.id, pod.id), numbers, lambda: [numbers], kept).take()
    return None if number is None else IPv4Address(number)


async def system_vm_networks(cloud: Cloud, zone: ZoneRow) -> list[NetworkRow]:
    """Networks of a system VM's NICs, in order; zones without public traffic have a shared guest network instead.

    Raises ResourceUnavailableError where the zone has not got them yet.
    """
    inner = [await zone_network(cloud, zone, traffic) for traffic in ("Control", "Management")]
    if (public := await system_network(cloud, zone.id, "Public")) is not None and not zone.security_group_enabled:
        return [*inner, public]
    for network in await cloud.part(SharedNetworks).all():
        if network.zone_id == zone.id and network.guest_type == "Shared":
            return [*inner, network]
    raise ResourceUnavailableError(f"Zone {zone.name} has no shared guest network for its system VMs yet")


async def zone_network(cloud: Cloud, zone: ZoneRow, traffic_type: str) -> NetworkRow:
    """The zone's own network of that traffic. Raises ResourceUnavailableError where it has none."""
    found = await system_network(cloud, zone.id, traffic_type)
    if found is None:
        raise ResourceUnavailableError(f"Zone {zone.name} has no network for {traffic_type} traffic")
    return found


def _numbers(first: str, last: str) -> tuple[int, int]:
    return int(IPv4Address(first)), int(IPv4Address(last))
