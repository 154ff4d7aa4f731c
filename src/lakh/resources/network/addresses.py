"""Which guest address is free: a pool in memory per network; the unique index over nics decides.

An isolated network deals addresses of its CIDR, gateway excluded; a shared one those of its VLAN IP ranges. A network's
addresses are read at its first allocation, page by page, so that a million of them hold nobody else up; after that an
allocation reads nothing. Several control processes begin at different places of the ranges, so that they rarely
propose the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from socket import inet_aton

from lakh.base.errors import InsufficientCapacityError, ParameterError
from lakh.base.limits import GUEST_POOLS
from lakh.jobs.cloud import Cloud
from lakh.resources.address_pools import AddressPools, Asked, Range, read_pages
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import ADDRESS_TAKEN, ADDRESSES_AFTER, INSERT, NicRow
from lakh.resources.number_pool import NumberPool, NumberSet
from lakh.resources.vlan.known import KnownRanges
from lakh.resources.vlan.row import VlanRangeRow
from lakh.store.statement import Step

_PLACES = tuple(INSERT.insert_columns.index(name) for name in ("network_id", "ip"))


class GuestAddresses:
    """A part of the cloud: proposes guest addresses."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._shared: AddressPools[int] = AddressPools(cloud, self._taken)
        self._isolated: AddressPools[int] = AddressPools(cloud, self._taken, limit=GUEST_POOLS)
        cloud.store.follow_others("nic", self._others, ("network_id", "ip"))

    async def take(self, network: NetworkRow, wanted: str | None = None) -> str | None:
        """Proposes a free address and counts it as taken; None on L2 networks, which have none.

        Raises ParameterError for a `wanted` address that is outside or in use, InsufficientCapacityError when full.
        """
        if network.guest_type == "L2" or (network.cidr is None and network.guest_type != "Shared"):
            return None
        asked = await self._asked(network)
        if wanted is not None:
            return await self._wanted(network, await asked.pool(), wanted)
        free = await asked.take()
        if free is None:
            raise InsufficientCapacityError(
                f"Unable to acquire a guest IP address in network {network.name}: all {(await asked.pool()).size} are"
                " in use"
            )
        return str(IPv4Address(free))

    async def _asked(self, network: NetworkRow) -> Asked[int]:
        kept = () if network.gateway is None else (_parsed(network.gateway),)
        if network.guest_type != "Shared":
            cidr = network.cidr or ""
            return Asked(self._isolated, network.id, cidr, lambda: _hosts_of(cidr), kept)
        found = await self._cloud.part(KnownRanges).of_network(network.id)
        return Asked(self._shared, network.id, found, lambda: _ranges(found), kept)

    async def _wanted(self, network: NetworkRow, pool: NumberPool, wanted: str) -> str:
        address = _parsed(wanted)
        if not pool.contains(address):
            raise ParameterError(f"The requested ip {wanted} is not in the ranges of network {network.name}")
        text = str(IPv4Address(address))
        if address in pool.taken and (
            self._is_gateway(network, text) or await self._cloud.store.read(ADDRESS_TAKEN, network.id, text)
        ):
            raise ParameterError(f"The requested ip {wanted} is already in use in network {network.name}")
        pool.taken.add(address)
        return text

    @staticmethod
    def _is_gateway(network: NetworkRow, ip: str) -> bool:
        return network.gateway is not None and str(IPv4Address(network.gateway)) == ip

    def give_back(self, network_id: int, ip: str | None) -> None:
        """Counts an address as free again."""
        if ip is not None:
            for pools in (self._shared, self._isolated):
                pools.give_back(network_id, _parsed(ip))

    def give_back_all(self, nics: Iterable[NicRow]) -> None:
        """Counts the addresses of NICs as free again."""
        for nic in nics:
            self.give_back(nic.network_id, nic.ip)

    async def recheck(self, network_id: int, ip: str | None) -> None:
        """Counts a proposed address as free again unless somebody has it."""
        if ip is not None and not await self._cloud.store.read(ADDRESS_TAKEN, network_id, ip):
            self.give_back(network_id, ip)

    async def used_within(self, network_id: int, first: str, last: str) -> str | None:
        """An address from `first` to `last` that is in use in a shared network, if there is one."""
        found = await self._cloud.part(KnownRanges).of_network(network_id)
        pool = await Asked(self._shared, network_id, found, lambda: _ranges(found)).pool()
        start, end = _parsed(first), _parsed(last)
        while (number := pool.taken.first_present(start, end)) is not None:
            ip = str(IPv4Address(number))
            if await self._cloud.store.read(ADDRESS_TAKEN, network_id, ip):
                return ip
            start = number + 1  # the gateway, or what only memory counts as taken
        return None

    def forget(self, network_id: int) -> None:
        """The network is gone."""
        self._shared.forget(network_id)
        self._isolated.forget(network_id)

    def known(self) -> dict[int, NumberSet]:
        """What is counted as taken, by network, of those that were asked for."""
        return self._shared.all_taken() | self._isolated.all_taken()

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has given addresses away, or may have. What it took back is found when all seem taken."""
        for step in steps:
            if step.statement is INSERT:
                network_id, ip = (step.arguments[place] for place in _PLACES)
                if ip is not None:
                    for pools in (self._shared, self._isolated):
                        pools.note(network_id, _parsed(ip))
            elif not step.statement.text:
                self._shared.forget_all()
                self._isolated.forget_all()

    def _taken(self, network_id: int) -> AsyncIterator[Iterable[int]]:
        return read_pages(
            self._cloud.store, ADDRESSES_AFTER, (network_id,), "", lambda row: int.from_bytes(inet_aton(row[0]), "big")
        )


def _hosts_of(cidr: str) -> list[Range]:
    subnet = IPv4Network(cidr, strict=False)
    return [(int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1)]


def _ranges(found: Sequence[VlanRangeRow]) -> list[Range]:
    return [(_parsed(row.start_ip), _parsed(row.end_ip)) for row in found]


def _parsed(ip: str) -> int:
    try:
        return int(IPv4Address(ip))
    except ValueError:
        raise ParameterError(f"{ip} is not an IPv4 address; give four numbers from 0 to 255 with dots") from None
