"""Guest VLANs of a physical network: its ranges as text, and which one a network gets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from lakh.base.errors import InsufficientCapacityError, ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.number_pool import NumberPool
from lakh.resources.physical_network.row import INSERT_VLAN, TAKEN_VLANS, PhysicalNetworkRow
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
        self._pools: dict[int, tuple[str, NumberPool]] = {}
        cloud.store.follow_others("guest_vlan", self._others, ("physical_network_id", "vlan"))

    async def take(self, physical: PhysicalNetworkRow) -> int:
        """Proposes a free VLAN. Raises InsufficientCapacityError when all are in use."""
        pool = await self._pool(physical)
        vlan = pool.take()
        if vlan is None:
            raise InsufficientCapacityError(
                f"Unable to allocate a VLAN on physical network {physical.name}: all {pool.size} of its guest range"
                " are in use"
            )
        return vlan

    def give_back(self, physical_network_id: int, vlan: int) -> None:
        """Counts a VLAN as free again."""
        if (known := self._pools.get(physical_network_id)) is not None:
            known[1].taken.discard(vlan)

    def note(self, physical_network_id: int, vlan: int) -> None:
        """Counts a VLAN, of the range or not, as taken by a network that asked for it."""
        if (known := self._pools.get(physical_network_id)) is not None:
            known[1].taken.add(vlan)

    def forget(self, physical_network_id: int) -> None:
        """Reads what is taken anew at the next allocation."""
        self._pools.pop(physical_network_id, None)

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has taken VLANs, or given some back: where all seem taken here they are read anew."""
        for step in steps:
            if step.statement is INSERT_VLAN:
                self.note(*(step.arguments[place] for place in _PLACES))
            elif not step.statement.text:
                self._pools.clear()
            else:
                self._pools = {key: known for key, known in self._pools.items() if len(known[1].taken) < known[1].size}

    async def _pool(self, physical: PhysicalNetworkRow) -> NumberPool:
        known = self._pools.get(physical.id)
        if known is not None and known[0] == physical.vlan:
            return known[1]
        taken = {int(row[0]) for row in await self._cloud.store.read(TAKEN_VLANS, physical.id)}
        again = self._pools.get(physical.id)
        if again is not None and again[0] == physical.vlan:
            return again[1]
        pool = NumberPool(parse_ranges(physical.vlan, physical.isolation_methods), taken)
        pool.start_at(self._cloud.random.randrange(pool.size or 1))
        self._pools[physical.id] = (physical.vlan, pool)
        return pool
