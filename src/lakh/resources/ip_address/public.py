"""Which public address is free: proposed from pools in memory, one per range; the unique index decides."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

from lakh.base.errors import InsufficientCapacityError, ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.ip_address.row import INSERT, TAKEN_IN_RANGE
from lakh.resources.number_pool import NumberPool
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
        self._pools: dict[int, NumberPool] = {}
        cloud.store.follow_others("ip_address", self._others, ("range_id", "address"))

    async def take(self, zone_id: int, account_id: int, domain_id: int, wanted: str | None = None) -> PublicAddress:
        """Proposes a free address and counts it as taken: of a range dedicated to the account or domain, else of one
        that is for all.

        Raises ParameterError for a `wanted` address that is not there, InsufficientCapacityError when all are in use.
        """
        try:
            return await self._propose(zone_id, account_id, domain_id, wanted)
        except (ParameterError, InsufficientCapacityError):
            if self._cloud.controls == 1:
                raise
            self.forget()  # others may have given back what memory counts as taken
            return await self._propose(zone_id, account_id, domain_id, wanted)

    async def _propose(self, zone_id: int, account_id: int, domain_id: int, wanted: str | None) -> PublicAddress:
        ranges = await self._ranges(zone_id, account_id, domain_id)
        for within in ranges:
            pool = await self._pool(within)
            if wanted is None:
                number = pool.take()
                if number is not None:
                    return PublicAddress(str(IPv4Address(number)), within)
                continue
            number = int(IPv4Address(wanted))
            if pool.contains(number):
                if number in pool.taken:
                    raise ParameterError(f"IP address {wanted} is not available: it is in use")
                pool.taken.add(number)
                return PublicAddress(wanted, within)
        if wanted is not None:
            raise ParameterError(f"IP address {wanted} is in no public range of the zone that the account may use")
        raise InsufficientCapacityError("Insufficient address capacity: all public IP addresses of the zone are in use")

    def give_back(self, range_id: int, address: str) -> None:
        """Counts an address as free again."""
        if (pool := self._pools.get(range_id)) is not None:
            pool.taken.discard(int(IPv4Address(address)))

    def forget(self) -> None:
        """Reads what is taken anew at the next allocation."""
        self._pools.clear()

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has given addresses away, or may have. What it took back is found when all seem taken."""
        for step in steps:
            if step.statement is INSERT:
                range_id, address = (step.arguments[place] for place in _PLACES)
                if (pool := self._pools.get(range_id)) is not None:
                    pool.taken.add(int(IPv4Address(address)))
            elif not step.statement.text:
                self.forget()

    async def _ranges(self, zone_id: int, account_id: int, domain_id: int) -> list[VlanRangeRow]:
        """The public ranges for users in the order of their use."""
        own: list[VlanRangeRow] = []
        common: list[VlanRangeRow] = []
        for found in await self._cloud.snapshots.of(VlanRangeRow):
            if found.zone_id != zone_id or found.traffic_type != "Public" or found.for_system_vms:
                continue
            if found.account_id == account_id or (found.account_id is None and found.domain_id == domain_id):
                own.append(found)
            elif found.account_id is None and found.domain_id is None:
                common.append(found)
        return own + common

    async def _pool(self, within: VlanRangeRow) -> NumberPool:
        known = self._pools.get(within.id)
        if known is not None:
            return known
        rows = await self._cloud.store.rows(TAKEN_IN_RANGE, within.id)
        taken = {int(IPv4Address(row.address)) for row in rows}
        if (again := self._pools.get(within.id)) is not None:
            return again
        pool = NumberPool([(int(IPv4Address(within.start_ip)), int(IPv4Address(within.end_ip)))], taken)
        pool.start_at(pool.size * (self._cloud.number - 1) // self._cloud.controls)
        self._pools[within.id] = pool
        return pool
