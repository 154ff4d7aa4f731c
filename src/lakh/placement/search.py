"""One request against the columns: does a host pass (for probes), which hosts pass (for scans), and how many fail
where (for refusals). The three agree by construction on the same columns and are held to a naive loop by tests.

Order of checks: what the request asks of places and facts first (`kinds`), then what depends on the attempt, then load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from lakh.placement.hosts import HostColumns
from lakh.placement.kinds import ABSENT_CODE
from lakh.placement.refusal import Check, Refusal
from lakh.placement.request import Request
from lakh.placement.tenants import SHARED

Mask = npt.NDArray[np.bool_]
Slots = npt.NDArray[np.intp]
Domain = slice | Slots
"""All slots, as a slice, or some of them in ascending order."""

FEW = 16
"""So many hosts are checked one by one: sooner done than the first of a scan's dozen array operations."""


class Search:
    """A request prepared for many looks. Made anew for every attempt: the columns may have changed since."""

    __slots__ = (
        "_codes",
        "_cpu",
        "_memory",
        "_plain",
        "_signature",
        "_tenant",
        "_tenants_matter",
        "_thresholds",
        "_verdicts",
        "columns",
        "request",
        "touched",
    )

    def __init__(self, columns: HostColumns, request: Request, tenant: int = SHARED) -> None:
        """`tenant` is whose the host is to be."""
        self.columns = columns
        self.request = request
        self._signature = columns.signature(request)
        self._verdicts = columns.kinds.verdicts(self._signature)
        self._codes = self._verdicts.codes
        self._cpu = request.cpu_mhz
        self._memory = request.memory_bytes
        self._thresholds = request.planner != "SkipHeuresticsPlanner"
        self._plain = (
            (request.host_id is None and request.pod_id is None and request.cluster_id is None)
            and not (request.avoid_hosts or request.avoid_clusters or request.avoid_pods or request.forbidden_hosts)
            and (request.required_hosts is None and request.storage_clusters is None and request.storage_hosts is None)
        )
        self._tenant = tenant
        self._tenants_matter = tenant != SHARED or bool(columns.tenants)
        self.touched = 0

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
        if self._tenants_matter and not self._may_join(slot):
            return False
        if self._thresholds:
            cluster = columns.cluster[slot]
            sums = columns.cluster_columns
            if sums.cpu_room[cluster] < self._cpu or sums.memory_room[cluster] < self._memory:
                return False
        return self._plain or self._is_allowed(slot)

    def _may_join(self, slot: int) -> bool:
        columns = self.columns
        known = columns.tenant[slot]
        if known == self._tenant:
            return True
        return known == SHARED and not (columns.memory_used[slot] or columns.guests[slot])

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
    def passing(self, slots: Slots) -> Slots:
        """Those of `slots` that pass every check, in ascending order as they are."""
        if len(slots) <= FEW:
            return np.array([slot for slot in slots.tolist() if self.passes(slot)], np.intp)
        self.touched += len(slots)
        mask = self._verdicts.passes.take(self.columns.mirror.kind[slots])
        for _, passed in self._scope_checks(slots):
            mask &= passed
        for _, passed in self._load_checks(slots):
            mask &= passed
        passing: Slots = slots[mask]
        return passing

    def fits(self) -> Mask:
        """Of all slots, which pass every check."""
        everywhere = slice(0, self.columns.end)
        mask: Mask = self.columns.spread(self._signature, self._verdicts).fits[everywhere].copy()
        self.touched += len(mask)
        for _, passed in self._scope_checks(everywhere):
            mask &= passed
        for _, passed in self._load_checks(everywhere):
            mask &= passed
        return mask

    def refusal(self) -> Refusal:
        """Charges every host to the first check it fails. Call it only when none passes."""
        everywhere = slice(0, self.columns.end)
        spread = self.columns.spread(self._signature, self._verdicts)
        codes = spread.codes[everywhere]
        self.touched += len(codes)
        counts = [0] * len(Check)
        scope = list(self._scope_checks(everywhere))
        if scope:
            left = (codes != Check.ZONE) & (codes != ABSENT_CODE)
            counts[Check.ZONE] = len(self.columns) - int(np.count_nonzero(left))
            self._charge(left, scope, counts)
            for code, count in enumerate(np.bincount(codes[left]).tolist()):
                counts[code] += count
            left &= spread.fits[everywhere]
        else:
            counts = spread.counts[: len(Check)]
            left = spread.fits[everywhere].copy()
        self._charge(left, self._load_checks(everywhere), counts)
        counts[Check.NONE] = 0
        failed_checks = tuple((check, counts[check]) for check in Check if counts[check])
        return Refusal("hosts", self.request.asked(), len(self.columns), failed_checks, self.touched)

    def _charge(self, left: Mask, checks: Iterable[tuple[Check, Mask]], counts: list[int]) -> None:
        """Takes off `left` the hosts that fail a check, and counts them there."""
        number = int(np.count_nonzero(left))
        for check, passed in checks:
            left &= passed
            number, before = int(np.count_nonzero(left)), number
            counts[check] += before - number

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
        if self._tenants_matter:
            yield from self._tenant_checks(domain)
        yield Check.MAX_GUESTS, mirror.guest_room[domain] >= 1
        if self._thresholds:
            yield from self._threshold_checks(domain)
        yield Check.CPU, mirror.cpu_free[domain] >= self._cpu
        yield Check.MEMORY, mirror.memory_free[domain] >= self._memory

    def _tenant_checks(self, domain: Domain) -> Iterator[tuple[Check, Mask]]:
        mirror = self.columns.mirror
        tenant = mirror.tenant[domain]
        if self._tenant == SHARED:
            yield Check.OTHER_TENANT, tenant == SHARED
            return
        own = tenant == self._tenant
        yield Check.OTHER_TENANT, own | (tenant == SHARED)
        yield Check.SHARED, own | ((mirror.memory_used[domain] == 0) & (mirror.guests[domain] == 0))

    def _threshold_checks(self, domain: Domain) -> Iterator[tuple[Check, Mask]]:
        sums = self.columns.cluster_columns
        for check, room, need in (
            (Check.CLUSTER_CPU, sums.cpu_room_array, self._cpu),
            (Check.CLUSTER_MEMORY, sums.memory_room_array, self._memory),
        ):
            has_room = room >= need
            if not has_room.all():
                yield check, has_room.take(self.columns.mirror.cluster[domain], mode="clip")

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
        return chosen.take(self.columns.mirror.cluster[domain], mode="clip")

    def _among(self, host_ids: frozenset[int], domain: Domain) -> Mask:
        chosen = np.zeros(self.columns.end, bool)
        chosen[self.slots_of(host_ids)] = True
        return chosen[domain]

    def slots_of(self, host_ids: frozenset[int]) -> Slots:
        """The slots of those hosts that are known, in ascending order."""
        slot_of = self.columns.slot_of
        return np.array(sorted(slot_of[host] for host in host_ids if host in slot_of), np.intp)
