"""Sums over hosts that placement must not add up per request: by cluster, and by account."""

from __future__ import annotations

import numpy as np

from lakh.placement.facts import ClusterFacts

UNBOUNDED = 1 << 62
"""The room of a cluster without usable hosts: whoever asks for it fails at its hosts' states."""


class ClusterColumns:
    """Sums over the usable hosts of each cluster, and the room left below its disable thresholds."""

    def __init__(self) -> None:
        self.facts: list[ClusterFacts] = []
        self.sums: list[list[int]] = []  # cpu limit, cpu used, memory limit, memory used, usable hosts
        self._bounds: list[tuple[int, int]] = []  # what usable hosts may give away of CPU and memory, all in all
        self.cpu_room: list[int] = []
        self.memory_room: list[int] = []
        self.cpu_room_array = np.zeros(0, np.int64)
        self.memory_room_array = np.zeros(0, np.int64)

    def ensure(self, number: int) -> None:
        while number >= len(self.facts):
            self.facts.append(ClusterFacts())
            self.sums.append([0, 0, 0, 0, 0])
            self._bounds.append((0, 0))
            self.cpu_room.append(UNBOUNDED)
            self.memory_room.append(UNBOUNDED)
        if len(self.cpu_room_array) < len(self.facts):
            spare = np.full(len(self.facts) + 64, UNBOUNDED, np.int64)
            self.cpu_room_array = np.concatenate([self.cpu_room_array, spare])
            self.memory_room_array = np.concatenate([self.memory_room_array, spare])

    def add(self, number: int, cpu_limit: int, cpu_used: int, memory_limit: int, memory_used: int, hosts: int) -> None:
        sums = self.sums[number]
        sums[0] += cpu_limit
        sums[1] += cpu_used
        sums[2] += memory_limit
        sums[3] += memory_used
        sums[4] += hosts
        self._set_bounds(number)

    def load(self, number: int, cpu_more: int, memory_more: int) -> None:
        """Usable hosts of the cluster gave away so much more."""
        sums = self.sums[number]
        sums[1] += cpu_more
        sums[3] += memory_more
        cpu_bound, memory_bound = self._bounds[number]
        self.cpu_room[number] = self.cpu_room_array[number] = cpu_bound - sums[1]
        self.memory_room[number] = self.memory_room_array[number] = memory_bound - sums[3]

    def _set_bounds(self, number: int) -> None:
        sums, facts = self.sums[number], self.facts[number]
        if sums[4]:
            cpu, memory = round(sums[0] * facts.cpu_disable_threshold), round(sums[2] * facts.memory_disable_threshold)
            self._bounds[number] = (cpu, memory)
            self.load(number, 0, 0)
        else:
            self.cpu_room[number] = self.cpu_room_array[number] = UNBOUNDED
            self.memory_room[number] = self.memory_room_array[number] = UNBOUNDED


class AccountGuests:
    """How many guests each account has on each host, and in each cluster and pod; without zeros."""

    def __init__(self) -> None:
        self.hosts: dict[int, dict[int, int]] = {}
        self.clusters: dict[int, dict[int, int]] = {}
        self.pods: dict[int, dict[int, int]] = {}

    def add(self, account_id: int, slot: int, cluster: int, pod: int, count: int) -> None:
        if count < 0:
            count = max(count, -self.hosts.get(account_id, {}).get(slot, 0))
        for table, key in ((self.hosts, slot), (self.clusters, cluster), (self.pods, pod)):
            counts = table.setdefault(account_id, {})
            left = counts.get(key, 0) + count
            if left:
                counts[key] = left
            else:
                counts.pop(key, None)
                if not counts:
                    del table[account_id]

    def forget_host(self, slot: int, cluster: int, pod: int) -> None:
        for account_id in [a for a, counts in self.hosts.items() if slot in counts]:
            self.add(account_id, slot, cluster, pod, -self.hosts[account_id][slot])
