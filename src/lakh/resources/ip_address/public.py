"""Which public address is free: proposed from pools in memory, one per range; the unique index decides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from ipaddress import IPv4Address
from socket import inet_aton
from typing import NamedTuple

from lakh.base.errors import InsufficientCapacityError, ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.address_pools import AddressPools, Asked, Range, read_pages
from lakh.resources.ip_address.row import INSERT, TAKEN, TAKEN_IN_RANGE
from lakh.resources.number_pool import NumberPool, NumberSet
from lakh.resources.vlan.known import KnownRanges
from lakh.resources.vlan.row import VlanRangeRow
from lakh.store.statement import Step

_PLACES = tuple(INSERT.insert_columns.index(name) for name in ("range_id", "address"))


class PublicAddress(NamedTuple):
    """A proposal."""

    address: str
    within: VlanRangeRow


class PublicAddresses:
    """A part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pools: AddressPools[int] = AddressPools(cloud, self._taken)
        cloud.store.follow_others("ip_address", self._others, ("range_id", "address"))

    async def take(self, zone_id: int, account_id: int, domain_id: int, wanted: str | None = None) -> PublicAddress:
        """Proposes a free address and counts it as taken: of a range dedicated to the account or domain, else of one
        that is for all.

        Raises ParameterError for a `wanted` address that is not there, InsufficientCapacityError when all are in use.
        """
        ranges = await self._cloud.part(KnownRanges).public(zone_id, account_id, domain_id)
        if wanted is not None:
            return await self._wanted(zone_id, ranges, wanted)
        found = await self._first_free(ranges)
        if found is None:
            raise InsufficientCapacityError(
                "Insufficient address capacity: all public IP addresses of the zone are in use"
            )
        return found

    async def take_for_system(self, zone_id: int) -> PublicAddress | None:
        """As `take`, for a system VM: of a range kept for these, else of one for all. None when there is none."""
        return await self._first_free(await self._cloud.part(KnownRanges).for_system(zone_id))

    async def _first_free(self, ranges: Sequence[VlanRangeRow]) -> PublicAddress | None:
        for within in ranges:
            number = await self._asked(within).take()
            if number is not None:
                return PublicAddress(str(IPv4Address(number)), within)
        return None

    async def _wanted(self, zone_id: int, ranges: Sequence[VlanRangeRow], wanted: str) -> PublicAddress:
        number = int(IPv4Address(wanted))
        for within in ranges:
            pool = await self.pool(within)
            if not pool.contains(number):
                continue
            if number in pool.taken and await self._cloud.store.read(TAKEN, zone_id, wanted):
                raise ParameterError(f"IP address {wanted} is not available: it is in use")
            pool.taken.add(number)
            return PublicAddress(wanted, within)
        raise ParameterError(f"IP address {wanted} is in no public range of the zone that the account may use")

    async def pool(self, within: VlanRangeRow) -> NumberPool:
        """What is free and taken of a range, as far as this process knows."""
        return await self._asked(within).pool()

    def _asked(self, within: VlanRangeRow) -> Asked[int]:
        return Asked(self._pools, within.id, within.id, lambda: _numbers(within))

    async def read_anew(self, within: VlanRangeRow) -> NumberPool:
        """As `pool`, as of now."""
        self._pools.forget(within.id)
        return await self.pool(within)

    def give_back(self, range_id: int, address: str) -> None:
        """Counts an address as free again."""
        self._pools.give_back(range_id, int(IPv4Address(address)))

    async def recheck(self, zone_id: int, range_id: int, address: str) -> None:
        """Counts a proposed address as free again unless somebody has it."""
        if not await self._cloud.store.read(TAKEN, zone_id, address):
            self.give_back(range_id, address)

    def known(self) -> dict[int, NumberSet]:
        """What is counted as taken, by range, of those that were asked for."""
        return self._pools.all_taken()

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has given addresses away, or may have. What it took back is found when all seem taken."""
        for step in steps:
            if step.statement is INSERT:
                range_id, address = (step.arguments[place] for place in _PLACES)
                self._pools.note(range_id, int(IPv4Address(address)))
            elif not step.statement.text:
                self._pools.forget_all()

    def _taken(self, range_id: int) -> AsyncIterator[Iterable[int]]:
        return read_pages(
            self._cloud.store, TAKEN_IN_RANGE, (range_id,), 0, lambda row: int.from_bytes(inet_aton(row[1]), "big")
        )


def _numbers(within: VlanRangeRow) -> list[Range]:
    return [(int(IPv4Address(within.start_ip)), int(IPv4Address(within.end_ip)))]
