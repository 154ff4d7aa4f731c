"""Guest VLANs of a physical network: its ranges as text, and which one a network gets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import pairwise
from typing import Final

from lakh.base.errors import InsufficientCapacityError, ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.address_pools import AddressPools, Asked, Range, read_pages
from lakh.resources.number_pool import NumberSet
from lakh.resources.physical_network.row import INSERT_VLAN, TAKEN_VLANS, VLAN_TAKEN, PhysicalNetworkRow
from lakh.store.statement import Step

_PLACES: Final = tuple(INSERT_VLAN.insert_columns.index(name) for name in ("physical_network_id", "vlan"))
MAX_VLAN: Final = 4094
MAX_VNI: Final = 16_777_214
ISOLATION_METHODS: Final = ("VLAN", "VXLAN", "GRE", "STT", "BCF_SEGMENT", "SSP", "ODL", "L3VPN", "VCS", "NSX", "NETRIS")


def scheme(physical: PhysicalNetworkRow) -> str:
    """The scheme of its guest networks' broadcast URIs: `vlan`, or `vxlan`."""
    return "vxlan" if physical.isolation_methods.upper().startswith("VXLAN") else "vlan"


def parse_ranges(text: str, isolation_methods: str) -> list[tuple[int, int]]:
    """`100-200,300` as (first, last) pairs in order. Raises ParameterError for what is not, or overlaps."""
    limit = MAX_VNI if isolation_methods.upper().startswith("VXLAN") else MAX_VLAN
    found: list[tuple[int, int]] = []
    for part in [p.strip() for p in text.split(",") if p.strip()]:
        first, _, last = part.partition("-")
        if not first.strip().isdigit() or (last and not last.strip().isdigit()):
            raise ParameterError(f"Invalid parameter vlan {text[:255]}: give ranges such as 100-200,300-400")
        pair = (int(first), int(last or first))
        if not 0 <= pair[0] <= pair[1] <= limit:
            raise ParameterError(f"Invalid parameter vlan {part}: VLAN ids go from 0 to {limit}, the lower one first")
        found.append(pair)
    found.sort()
    for (_, end), (start, _) in pairwise(found):
        if start <= end:
            raise ParameterError(f"Invalid parameter vlan {text[:255]}: its ranges overlap at {start}")
    return found


class GuestVlans:
    """A part of the cloud: proposes guest VLANs."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pools: AddressPools[int] = AddressPools(cloud, self._taken)
        cloud.store.follow_others("guest_vlan", self._others, ("physical_network_id", "vlan"))

    async def take(self, physical: PhysicalNetworkRow) -> int:
        """Proposes a free VLAN. Raises InsufficientCapacityError when all are in use."""
        fresh = self._pools.taken(physical.id) is None
        asked = Asked(
            self._pools,
            physical.id,
            physical.vlan,
            lambda: parse_ranges(physical.vlan, physical.isolation_methods),
        )
        pool = await asked.pool()
        if fresh:
            pool.start_at(self._cloud.random.randrange(pool.size or 1))
        vlan = await asked.take()
        if vlan is None:
            raise InsufficientCapacityError(
                f"Unable to allocate a VLAN on physical network {physical.name}: all {pool.size} of its guest range"
                " are in use"
            )
        return vlan

    def give_back(self, physical_network_id: int, vlan: int) -> None:
        """Counts a VLAN as free again."""
        self._pools.give_back(physical_network_id, vlan)

    async def recheck(self, physical_network_id: int, vlan: int) -> None:
        """Counts a proposed VLAN as free again unless some network has it."""
        if not await self._cloud.store.read(VLAN_TAKEN, physical_network_id, vlan):
            self.give_back(physical_network_id, vlan)

    def note(self, physical_network_id: int, vlan: int) -> None:
        """Counts a VLAN, of the range or not, as taken by a network that asked for it."""
        self._pools.note(physical_network_id, vlan)

    def known(self) -> dict[int, NumberSet]:
        """What is counted as taken, by physical network, of those that were asked for."""
        return self._pools.all_taken()

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has taken VLANs, or given some back: that is found when all seem taken."""
        for step in steps:
            if step.statement is INSERT_VLAN:
                self.note(*(step.arguments[place] for place in _PLACES))
            elif not step.statement.text:
                self._pools.forget_all()

    def _taken(self, physical_network_id: int) -> AsyncIterator[Iterable[int]]:
        return read_pages(self._cloud.store, TAKEN_VLANS, (physical_network_id,), -1, lambda row: int(row[0]))

    async def first_taken(self, physical: PhysicalNetworkRow, ranges: Sequence[Range]) -> int | None:
        """A VLAN in `ranges` that a network uses, if there is one."""
        for first, last in ranges:
            found = await self._cloud.store.read(TAKEN_VLANS, physical.id, first - 1)
            if found and found[0][0] <= last:
                return int(found[0][0])
        return None


def without(ranges: Sequence[Range], kept: Sequence[Range]) -> list[Range]:
    """The parts of `ranges` that are in none of `kept`, both in order."""
    left: list[Range] = []
    for first, last in ranges:
        for from_, to in kept:
            if to < first or from_ > last:
                continue
            if from_ > first:
                left.append((first, from_ - 1))
            first = to + 1
        if first <= last:
            left.append((first, last))
    return left
