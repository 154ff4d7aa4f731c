"""One request against the columns: does a host pass (for probes), which hosts pass (for scans), and how many fail
where (for refusals). The three agree by construction on the same columns and are held to a naive loop by tests.

Order of checks: what the request asks of places and facts first (`kinds`), then what depends on the attempt, then load.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lakh.placement.hosts import HostColumns
from lakh.placement.kinds import ABSENT_CODE
from lakh.placement.refusal import Check, Refusal
from lakh.placement.request import Request

Mask = npt.NDArray[np.bool_]
Slots = npt.NDArray[np.intp]
Domain = slice | Slots
"""All slots, as a slice, or some of them in ascending order."""


class Search:
    """A request prepared for many looks. Made anew for every attempt: the columns may have changed since."""

    __slots__ = (
        "_codes",
        "_cpu",
        "_memory",
        "_plain",
        "_thresholds",
        "_verdicts",
        "columns",
        "request",
        "touched",
    )

    def __init__(self, columns: HostColumns, request: Request) -> None:
        self.columns = columns
        self.request = request
        self._verdicts = columns.verdicts(request)
        self._codes = self._verdicts.codes
        self._cpu = request.cpu_mhz
        self._memory = request.memory_bytes
        self._thresholds = request.planner != "SkipHeuresticsPlanner"
        self._plain = (
            (request.host_id is None and request.pod_id is None and request.cluster_id is None)
            and not (request.avoid_hosts or request.avoid_clusters or request.avoid_pods or request.forbidden_hosts)
            and (request.required_hosts is None and request.storage_clusters is None and request.storage_hosts is None)
        )
        self.touched = 0

    @property
    def everywhere(self) -> Domain:
        return slice(0, self.columns.end)

    def passes(self, slot: int) -> bool:
        """All checks of one host."""
        self.touched += 1
        columns = self.columns
        if (
            self._codes[columns.kind[slot]]
            or columns.cpu_free[slot] < self._cpu
            or columns.memory_free[slot] < self._memory
            or columns.guest_room[slot] < 1
        ):
            return False
        if self._thresholds:
            cluster = columns.cluster[slot]
            sums = columns.cluster_columns
            if sums.cpu_room[cluster] < self._cpu or sums.memory_room[cluster] < self._memory:
                return False
        return self._plain or self._is_allowed(slot)

    def _is_allowed(self, slot: int) -> bool:
        columns, request = self.columns, self.request
        host_id = columns.host_id[slot]
        cluster_id = columns.clusters.numbers.values[columns.cluster[slot]]
        pod_id = columns.pods.numbers.values[columns.pod[slot]]
        if (
            (request.host_id is not None and host_id != request.host_id)
            or (request.cluster_id is not None and cluster_id != request.cluster_id)
            or (request.pod_id is not None and pod_id != request.pod_id)
            or host_id in request.avoid_hosts
            or cluster_id in request.avoid_clusters
            or pod_id in request.avoid_pods
            or host_id in request.forbidden_hosts
            or (request.required_hosts is not None and host_id not in request.required_hosts)
        ):
            return False
        if request.storage_clusters is None and request.storage_hosts is None:
            return True
        return cluster_id in (request.storage_clusters or ()) or host_id in (request.storage_hosts or ())

    # --- many hosts --------------------------------------------------------------------------------------------------
    def passing(self, domain: Domain) -> Slots:
        """The slots of `domain` that pass every check, in ascending order."""
        mask = self._verdicts.passes.take(self.columns.mirror.kind[domain])
        self.touched += len(mask)
        for _, passed in self._scope_checks(domain):
            mask &= passed
        for _, passed in self._load_checks(domain):
            mask &= passed
        found = np.flatnonzero(mask)
        return found if isinstance(domain, slice) else domain[found]

    def refusal(self) -> Refusal:
        """Charges every host to the first check it fails. Call it only when none passes."""
        domain = self.everywhere
        codes = self._verdicts.array.take(self.columns.mirror.kind[domain])
        self.touched += len(codes)
        scope = [(check, ~passed) for check, passed in self._scope_checks(domain)]
        in_zone = (codes != Check.ZONE) & (codes != ABSENT_CODE)
        for check, failed in reversed(scope):  # the first of them is written last
            codes[failed & in_zone] = check
        for check, passed in self._load_checks(domain):
            codes[~passed & (codes == Check.NONE)] = check
        counts = np.bincount(codes[codes != ABSENT_CODE], minlength=len(Check)).tolist()
        failed_checks = tuple((check, counts[check]) for check in Check if counts[check])
        return Refusal("hosts", self.request.asked(), len(self.columns), failed_checks, self.touched)

    def _scope_checks(self, domain: Domain) -> Iterator[tuple[Check, Mask]]:
        columns, request, mirror = self.columns, self.request, self.columns.mirror
        if request.pod_id is not None:
            yield Check.POD, mirror.pod[domain] == columns.pods.numbers.find(request.pod_id)
        if request.cluster_id is not None:
            yield Check.CLUSTER, mirror.cluster[domain] == columns.clusters.numbers.find(request.cluster_id)
        if request.host_id is not None:
            yield Check.HOST, mirror.host_id[domain] == request.host_id

    def _load_checks(self, domain: Domain) -> Iterator[tuple[Check, Mask]]:
        """What depends on the attempt or on load, in order; checks that no host can fail are left out."""
        request, mirror = self.request, self.columns.mirror
        if request.avoid_hosts or request.avoid_clusters or request.avoid_pods:
            yield Check.AVOID, ~self._avoided(domain)
        if request.forbidden_hosts or request.required_hosts is not None:
            allowed = ~self._among(request.forbidden_hosts, domain)
            if request.required_hosts is not None:
                allowed &= self._among(request.required_hosts, domain)
            yield Check.AFFINITY, allowed
        if request.storage_clusters is not None or request.storage_hosts is not None:
            reached = self._in_clusters(request.storage_clusters or frozenset(), domain)
            yield Check.STORAGE, reached | self._among(request.storage_hosts or frozenset(), domain)
        yield Check.MAX_GUESTS, mirror.guest_room[domain] >= 1
        if self._thresholds:
            yield from self._threshold_checks(domain)
        yield Check.CPU, mirror.cpu_free[domain] >= self._cpu
        yield Check.MEMORY, mirror.memory_free[domain] >= self._memory

    def _threshold_checks(self, domain: Domain) -> Iterator[tuple[Check, Mask]]:
        sums = self.columns.cluster_columns
        for check, room, need in (
            (Check.CLUSTER_CPU, sums.cpu_room_array, self._cpu),
            (Check.CLUSTER_MEMORY, sums.memory_room_array, self._memory),
        ):
            has_room = room >= need
            if not has_room.all():
                yield check, has_room[self.columns.mirror.cluster[domain]]

    def _avoided(self, domain: Domain) -> Mask:
        request, mirror = self.request, self.columns.mirror
        avoided = self._among(request.avoid_hosts, domain) | self._in_clusters(request.avoid_clusters, domain)
        if request.avoid_pods:
            find = self.columns.pods.numbers.find
            avoided |= np.isin(mirror.pod[domain], [find(pod) for pod in request.avoid_pods])
        return avoided

    def _in_clusters(self, cluster_ids: frozenset[int], domain: Domain) -> Mask:
        chosen = np.zeros(len(self.columns.clusters.numbers) + 1, bool)
        find = self.columns.clusters.numbers.find
        chosen[[find(cluster) for cluster in cluster_ids]] = True
        chosen[-1] = False  # where unknown ids fell
        return chosen[self.columns.mirror.cluster[domain]]

    def _among(self, host_ids: frozenset[int], domain: Domain) -> Mask:
        chosen = np.zeros(self.columns.end, bool)
        chosen[self.slots_of(host_ids)] = True
        return chosen[domain]

    def slots_of(self, host_ids: frozenset[int]) -> Slots:
        """The slots of those hosts that are known, in ascending order."""
        slot_of = self.columns.slot_of
        return np.array(sorted(slot_of[host] for host in host_ids if host in slot_of), np.intp)
