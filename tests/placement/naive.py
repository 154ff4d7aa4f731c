"""Placement as a plain loop over hosts, written without a look at the columns: what the product must agree with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from lakh.placement.facts import ClusterFacts, HostFacts, HostLoad
from lakh.placement.refusal import Check
from lakh.placement.request import IMPLICIT, Request


@dataclass
class NaiveCloud:
    hosts: dict[int, HostFacts] = field(default_factory=dict)
    loads: dict[int, HostLoad] = field(default_factory=dict)
    clusters: dict[int, ClusterFacts] = field(default_factory=dict)
    closed: set[tuple[str, int]] = field(default_factory=set)
    dedicated: dict[tuple[str, int], tuple[int | None, int | None]] = field(default_factory=dict)

    def cluster(self, cluster_id: int) -> ClusterFacts:
        return self.clusters.get(cluster_id, ClusterFacts())

    def limits(self, host: HostFacts) -> tuple[int, int]:
        facts = self.cluster(host.cluster_id)
        cpu = round(host.cpu_cores * host.cpu_speed_mhz * facts.cpu_overcommit)
        return cpu, round(host.memory_total_bytes * facts.memory_overcommit)

    def cluster_room(self, cluster_id: int) -> tuple[int, int]:
        facts = self.cluster(cluster_id)
        usable = [h for h in self.hosts.values() if h.cluster_id == cluster_id and h.usable]
        cpu = round(sum(self.limits(h)[0] for h in usable) * facts.cpu_disable_threshold)
        memory = round(sum(self.limits(h)[1] for h in usable) * facts.memory_disable_threshold)
        return (
            cpu - sum(self.loads[h.host_id].cpu_used_mhz for h in usable),
            memory - sum(self.loads[h.host_id].memory_used_bytes for h in usable),
        )

    def is_ours(self, owner: tuple[int | None, int | None], request: Request) -> bool:
        account, domain = owner
        return account == request.account_id if account is not None else domain in request.domain_ids

    def dedication_fails(self, host: HostFacts, request: Request) -> bool:
        zone = self.dedicated.get(("zone", host.zone_id))
        if zone and not self.is_ours(zone, request):
            return True
        places = (("host", host.host_id), ("cluster", host.cluster_id), ("pod", host.pod_id))
        inner = next((self.dedicated[p] for p in places if p in self.dedicated), None)
        if not request.explicit_dedication:
            return inner is not None
        owner = inner or zone
        return owner is None or not self.is_ours(owner, request)

    def storage_fails(self, host: HostFacts, request: Request) -> bool:
        if request.storage_clusters is None and request.storage_hosts is None:
            return False
        in_cluster = request.storage_clusters is not None and host.cluster_id in request.storage_clusters
        return not in_cluster and (request.storage_hosts is None or host.host_id not in request.storage_hosts)

    def decide(self, request: Request) -> tuple[Request, int, list[HostFacts]]:
        """The request that decides, whose the host is to be, and the hosts that it may be."""
        tenant = request.account_id if request.planner == IMPLICIT else 0
        passing = [h for h in self.hosts.values() if self.first_failed(h, request, tenant) is Check.NONE]
        if tenant and not passing and request.preferred:
            return self.decide(replace(request, planner="FirstFitPlanner"))
        own = [host for host in passing if self.loads[host.host_id].tenant == tenant]
        return request, tenant, own if tenant and own else passing

    def first_failed(self, host: HostFacts, request: Request, tenant: int = 0) -> Check:
        load, (cpu, memory) = self.loads[host.host_id], self.limits(host)
        cpu_room, memory_room = self.cluster_room(host.cluster_id)
        thresholds = request.planner != "SkipHeuresticsPlanner"
        places = (("zone", host.zone_id), ("pod", host.pod_id), ("cluster", host.cluster_id))
        wrong = {
            Check.ZONE: host.zone_id != request.zone_id,
            Check.POD: request.pod_id not in (None, host.pod_id),
            Check.CLUSTER: request.cluster_id not in (None, host.cluster_id),
            Check.HOST: request.host_id not in (None, host.host_id),
            Check.STATE: not host.usable,
            Check.ALLOCATION_STATE: any(p in self.closed for p in places) or not self.cluster(host.cluster_id).enabled,
            Check.DEDICATION: self.dedication_fails(host, request),
            Check.HYPERVISOR: request.hypervisor not in (None, host.hypervisor),
            Check.ARCH: request.arch not in (None, host.arch),
            Check.TAGS: not set(request.host_tags) <= set(host.tags),
            Check.CPU_CAPABILITY: host.cpu_cores < request.cpu_count or host.cpu_speed_mhz < request.cpu_speed_mhz,
            Check.AVOID: host.host_id in request.avoid_hosts
            or host.cluster_id in request.avoid_clusters
            or host.pod_id in request.avoid_pods,
            Check.AFFINITY: host.host_id in request.forbidden_hosts
            or (request.required_hosts is not None and host.host_id not in request.required_hosts),
            Check.STORAGE: self.storage_fails(host, request),
            Check.OTHER_TENANT: load.tenant not in (0, tenant),
            Check.SHARED: load.tenant != tenant and (load.guests > 0 or load.memory_used_bytes > 0),
            Check.MAX_GUESTS: load.guests >= host.max_guests,
            Check.CLUSTER_CPU: thresholds and cpu_room < request.cpu_count * request.cpu_speed_mhz,
            Check.CLUSTER_MEMORY: thresholds and memory_room < request.memory_bytes,
            Check.CPU: load.cpu_used_mhz + request.cpu_count * request.cpu_speed_mhz > cpu,
            Check.MEMORY: load.memory_used_bytes + request.memory_bytes > memory,
        }
        return next((check for check in Check if wrong.get(check)), Check.NONE)

    def counts(self, request: Request, tenant: int = 0) -> Counter[Check]:
        return Counter(self.first_failed(host, request, tenant) for host in self.hosts.values())
