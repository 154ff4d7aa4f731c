"""Which of the hosts that pass is taken: planners order pods and clusters, algorithms order hosts.

An order is a key per host, lower first. What makes probing exact is its `best`, the lowest key any host could have:
a host that passes and has that key need not be compared with the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from lakh.placement.hosts import HostColumns
from lakh.placement.request import Request

Slots = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float64]

LOWEST_ID = ("firstfit", "userconcentratedpod_firstfit")
"""Algorithms that take the lowest host id."""


class Order:
    """Keys of hosts by a count per group of hosts: `sign * counts[group of the host]`, 0 where there is no count."""

    __slots__ = ("_array", "_counts", "_groups", "_sign", "_size", "best")

    def __init__(
        self,
        counts: Mapping[int, int],
        groups: Sequence[int] | None,
        array: Slots | None,
        size: int,
        sign: int,
    ) -> None:
        """`groups` and `array` hold the group of each slot; None makes each host its own group, of `size` groups."""
        self._counts = counts
        self._groups = groups
        self._array = array
        self._size = size
        self._sign = sign
        keys = [sign * count for count in counts.values()]
        self.best = min(keys, default=0)
        if len(counts) < size:
            self.best = min(self.best, 0)

    def key(self, slot: int) -> int:
        group = slot if self._groups is None else self._groups[slot]
        return self._sign * self._counts.get(group, 0)

    def keys(self, slots: Slots) -> npt.NDArray[np.int64]:
        table = np.zeros(self._size, np.int64)
        table[list(self._counts)] = [self._sign * count for count in self._counts.values()]
        return table[slots if self._array is None else self._array[slots]]

    def best_of(self, mask: Mask) -> Mask | None:
        """Those of `mask` that have the lowest key any host could have; None if there are none."""
        if self._size == 1:
            return mask
        is_best = np.full(self._size, self.best == 0)
        is_best[list(self._counts)] = [self._sign * count == self.best for count in self._counts.values()]
        of_hosts = is_best if self._array is None else is_best.take(self._array[: len(mask)], mode="clip")
        narrowed: Mask = mask & of_hosts
        return narrowed if narrowed.any() else None

    def lowest(self, slots: Slots) -> Slots:
        """Those of `slots` with the lowest key among them."""
        keys = self.keys(slots)
        lowest: Slots = slots[keys == keys.min()]
        return lowest


def priorities(columns: HostColumns, request: Request) -> Order | None:
    """Non-strict affinity, among hosts that it prefers."""
    return _by_priority(columns, {host: p for host, p in request.host_priorities.items() if p > 0})


def avoidances(columns: HostColumns, request: Request) -> Order | None:
    """Non-strict anti-affinity, once no preferred host passes: the rest is equal or worse."""
    return _by_priority(columns, {host: p for host, p in request.host_priorities.items() if p < 0})


def _by_priority(columns: HostColumns, host_priorities: Mapping[int, int]) -> Order | None:
    known = {columns.slot_of[host]: p for host, p in host_priorities.items() if host in columns.slot_of}
    return Order(known, None, None, columns.end, -1) if known else None


def of_planner(columns: HostColumns, request: Request) -> Order | None:
    """UserDispersingPlanner: clusters with the fewest guests of the account first. UserConcentratedPodPlanner: pods
    with the most. FirstFitPlanner and SkipHeuresticsPlanner leave all clusters equal, the latter also ignores their
    disable thresholds. There is nothing to order within a cluster or pod that the request names."""
    named = request.host_id is not None or request.cluster_id is not None
    if request.planner == "UserDispersingPlanner" and not named:
        counts = columns.accounts.clusters.get(request.account_id, {})
        return Order(counts, columns.cluster, columns.mirror.cluster, len(columns.clusters.numbers), 1)
    by_pod = _concentrated(columns, request)
    return Order(by_pod, columns.pod, columns.mirror.pod, len(columns.pods.numbers), -1) if by_pod else None


def _concentrated(columns: HostColumns, request: Request) -> Mapping[int, int]:
    """Guests of the account by pod, where the request is to be concentrated; else nothing."""
    asked = request.planner == "UserConcentratedPodPlanner" or request.algorithm.startswith("userconcentratedpod")
    is_named = request.host_id is not None or request.cluster_id is not None or request.pod_id is not None
    if is_named or not asked:
        return {}
    return columns.accounts.pods.get(request.account_id, {})


def fullest_pod(columns: HostColumns, request: Request) -> int | None:
    """The id of the pod a concentrating request would like best: probing anywhere else is in vain."""
    counts = _concentrated(columns, request)
    if not counts:
        return None
    return columns.pods.numbers.values[min(counts, key=lambda pod: (-counts[pod], pod))]


def of_algorithm(columns: HostColumns, request: Request) -> Order | None:
    """userdispersing: hosts with the fewest guests of the account first."""
    if request.algorithm != "userdispersing":
        return None
    return Order(columns.accounts.hosts.get(request.account_id, {}), None, None, columns.end, 1)


def pick(columns: HostColumns, request: Request, slots: Slots) -> int:
    """The algorithm's last word among equals: `firstfit` the lowest host id, `firstfitleastconsumed` the most free of
    `capacity_type`, all others the best fit, that is the least left of CPU and memory together."""
    mirror = columns.mirror
    if request.algorithm in LOWEST_ID:
        return int(slots[mirror.host_id[slots].argmin()])
    if request.algorithm == "firstfitleastconsumed":
        return int(slots[_free(request, mirror.cpu_share[slots], mirror.slack[slots]).argmax()])
    return int(slots[mirror.slack[slots].argmin()])


def first_of_many(columns: HostColumns, request: Request, mask: Mask) -> int | None:
    """`pick` for a mask, without a list of its slots; None where it needs one. The mask is not empty."""
    mirror = columns.mirror
    if request.algorithm in LOWEST_ID and columns.ascending:
        return int(mask.argmax())
    if request.algorithm == "firstfitleastconsumed":
        free = _free(request, mirror.cpu_share[: len(mask)], mirror.slack[: len(mask)])
        # Who passes has something free of all that was asked for: what does not, is 0 and loses.
        return int(np.multiply(free, mask, out=mirror.scratch[: len(mask)]).argmax())
    return None


def _free(request: Request, cpu_share: Shares, slack: Shares) -> Shares:
    """The free share of `capacity_type`; `slack` is that of CPU and of memory together."""
    if request.capacity_type == "CPU":
        return cpu_share
    memory_share: Shares = slack - cpu_share
    if request.capacity_type == "RAM":
        return memory_share
    weight = request.cpu_to_memory_weight
    return weight * cpu_share + (1.0 - weight) * memory_share


def can_probe(request: Request) -> bool:
    """True where any few hosts that pass are as good as all; the other algorithms have to see every host."""
    return request.algorithm in ("random", "userdispersing", "userconcentratedpod_random")
