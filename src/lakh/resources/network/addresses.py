"""Which guest address is free: a cursor and a set in memory per network; the unique index over nics decides.

An isolated network deals addresses of its CIDR, gateway excluded; a shared one those of its VLAN IP ranges. Nothing is
scanned per allocation, whatever the network's size: the cursor goes round the ranges and skips what is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from lakh.base.errors import InsufficientCapacityError, ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import ADDRESSES, NicRow
from lakh.resources.vlan.row import VlanRangeRow


class _Pool:
    """Addresses of one network as integers."""

    __slots__ = ("cursor", "ranges", "size", "taken", "version")

    def __init__(self, ranges: list[tuple[int, int]], taken: set[int], version: int) -> None:
        self.ranges = ranges
        self.size = sum(last - first + 1 for first, last in ranges)
        self.taken = taken
        self.cursor = 0
        self.version = version

    def at(self, position: int) -> int:
        for first, last in self.ranges:
            if position <= last - first:
                return first + position
            position -= last - first + 1
        raise IndexError(position)

    def contains(self, address: int) -> bool:
        return any(first <= address <= last for first, last in self.ranges)

    def next_free(self) -> int | None:
        for _ in range(self.size):
            address = self.at(self.cursor)
            self.cursor = (self.cursor + 1) % self.size
            if address not in self.taken:
                return address
        return None


class GuestAddresses:
    """A part of the cloud: proposes guest addresses."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pools: dict[int, _Pool] = {}
        self._loading: dict[int, asyncio.Task[_Pool]] = {}

    async def take(self, network: NetworkRow, wanted: str | None = None) -> str | None:
        """Proposes a free address and counts it as taken; None on L2 networks, which have none.

        Raises ParameterError for a `wanted` address that is outside or in use, InsufficientCapacityError when full.
        """
        if network.guest_type == "L2" or (network.cidr is None and network.guest_type != "Shared"):
            return None
        pool = await self._pool(network)
        if wanted is not None:
            address = _parsed(wanted)
            if not pool.contains(address):
                raise ParameterError(f"The requested ip {wanted} is not in the ranges of network {network.name}")
            if address in pool.taken:
                raise ParameterError(f"The requested ip {wanted} is already in use in network {network.name}")
        else:
            free = pool.next_free()
            if free is None:
                raise InsufficientCapacityError(f"Unable to acquire a guest IP address in network {network.name}: all "
                                                f"{pool.size} are in use")  # fmt: skip
            address = free
        pool.taken.add(address)
        return str(IPv4Address(address))

    def give_back(self, network_id: int, ip: str | None) -> None:
        """Counts an address as free again."""
        if ip is not None and (pool := self._pools.get(network_id)) is not None:
            pool.taken.discard(_parsed(ip))

    def give_back_all(self, nics: Iterable[NicRow]) -> None:
        """Counts the addresses of NICs as free again."""
        for nic in nics:
            self.give_back(nic.network_id, nic.ip)

    def forget(self, network_id: int) -> None:
        """Reads the network's addresses anew at the next allocation: its ranges changed, or it is gone."""
        self._pools.pop(network_id, None)

    async def _pool(self, network: NetworkRow) -> _Pool:
        ranges = await self._cloud.snapshots.of(VlanRangeRow)
        known = self._pools.get(network.id)
        if known is not None and known.version == ranges.version:
            return known
        task = self._loading.get(network.id)
        if task is None:
            task = asyncio.create_task(self._load(network, ranges.version))
            self._loading[network.id] = task
        return await asyncio.shield(task)

    async def _load(self, network: NetworkRow, version: int) -> _Pool:
        try:
            taken = {_parsed(row[0]) for row in await self._cloud.store.read(ADDRESSES, network.id)}
            if (known := self._pools.get(network.id)) is not None:
                taken |= known.taken
            if network.gateway is not None:
                taken.add(_parsed(network.gateway))
            pool = self._pools[network.id] = _Pool(await self._ranges(network), taken, version)
            return pool
        finally:
            self._loading.pop(network.id, None)

    async def _ranges(self, network: NetworkRow) -> list[tuple[int, int]]:
        if network.guest_type == "Shared":
            found = await self._cloud.snapshots.of(VlanRangeRow)
            return [(_parsed(r.start_ip), _parsed(r.end_ip)) for r in found if r.network_id == network.id]
        assert network.cidr is not None
        subnet = IPv4Network(network.cidr, strict=False)
        return [(int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1)]


def _parsed(ip: str) -> int:
    try:
        return int(IPv4Address(ip))
    except ValueError:
        raise ParameterError(f"{ip} is not an IPv4 address; give four numbers from 0 to 255 with dots") from None
