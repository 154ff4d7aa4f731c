"""Which guest address is free: a pool in memory per network; the unique index over nics decides.

An isolated network deals addresses of its CIDR, gateway excluded; a shared one those of its VLAN IP ranges. A network's
addresses are read at its first allocation, page by page, so that a million of them hold nobody else up; after that an
allocation reads nothing. Several control processes begin at different places of the ranges, so that they rarely
propose the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from socket import inet_aton

from lakh.base.errors import InsufficientCapacityError, ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import ADDRESSES_AFTER, INSERT, NicRow
from lakh.resources.number_pool import NumberPool, NumberSet
from lakh.resources.vlan.row import VlanRangeRow
from lakh.store.statement import Step

_PLACES = tuple(INSERT.insert_columns.index(name) for name in ("network_id", "ip"))


@dataclass(slots=True)
class _Known:
    """A network's pool, and the version of the ranges that it was made of."""

    pool: NumberPool
    version: int


class GuestAddresses:
    """A part of the cloud: proposes guest addresses."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pools: dict[int, _Known] = {}
        self._loading: dict[int, asyncio.Task[NumberPool]] = {}
        cloud.store.follow_others("nic", self._others, ("network_id", "ip"))

    async def take(self, network: NetworkRow, wanted: str | None = None) -> str | None:
        """Proposes a free address and counts it as taken; None on L2 networks, which have none.

        Raises ParameterError for a `wanted` address that is outside or in use, InsufficientCapacityError when full.
        """
        if network.guest_type == "L2" or (network.cidr is None and network.guest_type != "Shared"):
            return None
        try:
            return await self._propose(network, wanted)
        except (ParameterError, InsufficientCapacityError):
            if self._cloud.controls == 1:
                raise
            self.forget(network.id)  # others may have given back what memory counts as taken
            return await self._propose(network, wanted)

    async def _propose(self, network: NetworkRow, wanted: str | None) -> str:
        pool = await self._pool(network)
        if wanted is not None:
            address = _parsed(wanted)
            if not pool.contains(address):
                raise ParameterError(f"The requested ip {wanted} is not in the ranges of network {network.name}")
            if address in pool.taken:
                raise ParameterError(f"The requested ip {wanted} is already in use in network {network.name}")
            pool.taken.add(address)
            return str(IPv4Address(address))
        free = pool.take()
        if free is None:
            raise InsufficientCapacityError(
                f"Unable to acquire a guest IP address in network {network.name}: all {pool.size} are in use"
            )
        return str(IPv4Address(free))

    def give_back(self, network_id: int, ip: str | None) -> None:
        """Counts an address as free again."""
        if ip is not None and (known := self._pools.get(network_id)) is not None:
            known.pool.taken.discard(_parsed(ip))

    def give_back_all(self, nics: Iterable[NicRow]) -> None:
        """Counts the addresses of NICs as free again."""
        for nic in nics:
            self.give_back(nic.network_id, nic.ip)

    def forget(self, network_id: int) -> None:
        """Reads the network's addresses anew at the next allocation: its ranges changed, or it is gone."""
        self._pools.pop(network_id, None)

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has given addresses away, or may have. What it took back is found when all seem taken."""
        for step in steps:
            if step.statement is INSERT:
                network_id, ip = (step.arguments[place] for place in _PLACES)
                if ip is not None and (known := self._pools.get(network_id)) is not None:
                    known.pool.taken.add(_parsed(ip))
            elif not step.statement.text:
                self._pools.clear()

    async def _pool(self, network: NetworkRow) -> NumberPool:
        version = (await self._cloud.snapshots.of(VlanRangeRow)).version
        known = self._pools.get(network.id)
        if known is not None:
            if known.version != version:
                await self._renew(network, known, version)
            return known.pool
        task = self._loading.get(network.id)
        if task is None:
            task = asyncio.create_task(self._load(network, version))
            self._loading[network.id] = task
        return await asyncio.shield(task)

    async def _renew(self, network: NetworkRow, known: _Known, version: int) -> None:
        """Some network's ranges changed: where they are this one's, what is taken stays taken."""
        ranges = await self._ranges(network)
        if ranges != known.pool.ranges:
            known.pool = NumberPool(ranges, known.pool.taken)
        known.version = version

    async def _load(self, network: NetworkRow, version: int) -> NumberPool:
        try:
            taken, last = NumberSet(), ""
            while page := await self._cloud.store.read(ADDRESSES_AFTER, network.id, last):
                last = page[-1][0]
                for (ip,) in page:
                    taken.add(int.from_bytes(inet_aton(ip), "big"))
            if network.gateway is not None:
                taken.add(_parsed(network.gateway))
            pool = NumberPool(await self._ranges(network), taken)
            pool.start_at(pool.size * (self._cloud.number - 1) // self._cloud.controls)
            self._pools[network.id] = _Known(pool, version)
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
