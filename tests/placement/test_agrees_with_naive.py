"""Whatever happened to the columns, placement decides as a plain loop over the same hosts would."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any
from unittest.mock import patch

import hypothesis.strategies as st
from hypothesis import event, given, settings
from tests.placement.naive import NaiveCloud

from lakh.placement import plan as plan_module
from lakh.placement import search as search_module
from lakh.placement.facts import ClusterFacts, HostFacts, HostLoad
from lakh.placement.hosts import HostColumns
from lakh.placement.plan import Plan, place
from lakh.placement.refusal import Refusal
from lakh.placement.request import ALGORITHMS, CAPACITY_TYPES, PLANNERS, Request
from lakh.placement.tenants import MIXED, SHARED

HOST_IDS = range(1, 21)

ids = st.sampled_from(HOST_IDS)
few = st.integers(1, 4)
tags = st.lists(st.sampled_from(["ssd", "gpu"]), unique=True, max_size=2).map(tuple)
some = st.frozensets(ids, max_size=4)
mostly_none = st.sampled_from([None, None, None, 1, 2])
thresholds = st.sampled_from([0.5, 0.85, 1.0])


@st.composite
def hosts(draw: Any) -> HostFacts:
    """A host whose pod and zone follow from its cluster, its cluster from its id."""
    host_id = draw(ids)
    cluster = 1 + host_id % 4
    return HostFacts(
        host_id=host_id,
        zone_id=2 if cluster == 4 else 1,
        pod_id=1 + cluster // 2,
        cluster_id=cluster,
        usable=draw(st.sampled_from([True, True, True, False])),
        cpu_cores=draw(st.sampled_from([2, 4])),
        cpu_speed_mhz=draw(st.sampled_from([1000, 2000])),
        memory_total_bytes=draw(st.sampled_from([4, 8])),
        arch=draw(st.sampled_from(["x86_64", "x86_64", "aarch64"])),
        hypervisor=draw(st.sampled_from(["KVM", "KVM", "Simulator"])),
        tags=draw(tags),
        max_guests=draw(st.sampled_from([1, 50])),
    )


cluster_facts = st.builds(
    ClusterFacts,
    enabled=st.sampled_from([True, True, True, False]),
    cpu_overcommit=st.sampled_from([1.0, 1.5]),
    memory_overcommit=st.sampled_from([1.0, 1.3]),
    cpu_disable_threshold=thresholds,
    memory_disable_threshold=thresholds,
)
owners = st.sampled_from([(1, None), (2, None), (None, 10), (None, 11), (None, None)])
loads = st.one_of(
    st.just(HostLoad(0, 0, 0)),
    st.builds(
        HostLoad,
        st.sampled_from([0, 1000, 3000]),
        st.integers(1, 6),
        st.integers(0, 2),
        st.sampled_from([SHARED, 1, 2, MIXED]),
    ),
)

changes = st.one_of(
    st.tuples(st.just("host"), hosts()),
    st.tuples(st.just("host"), hosts()),
    st.tuples(st.just("remove"), ids),
    st.tuples(st.just("usable"), ids, st.booleans()),
    st.tuples(st.just("load"), ids, loads),
    st.tuples(st.just("reserve"), ids, st.sampled_from([500, 1000, -2000]), st.integers(-2, 2), few),
    st.tuples(st.just("release"), ids, st.sampled_from([None, None, 1, 2])),
    st.tuples(st.just("cluster"), few, cluster_facts),
    st.tuples(st.just("zone"), st.just(1), st.sampled_from([True, True, False])),
    st.tuples(st.just("pod"), st.integers(1, 3), st.sampled_from([True, True, False])),
    st.tuples(st.just("dedicate"), st.sampled_from(["zone", "pod", "cluster", "host"]), few, owners),
)

requests = st.builds(
    Request,
    zone_id=st.sampled_from([1, 1, 1, 2, 9]),
    cpu_count=st.sampled_from([1, 1, 4]),
    cpu_speed_mhz=st.sampled_from([500, 1000]),
    memory_bytes=st.integers(1, 3),
    account_id=st.integers(1, 2),
    domain_ids=st.sampled_from([(), (10,), (11, 10)]),
    host_tags=st.one_of(st.just(()), tags, st.just(("nowhere",))),
    hypervisor=st.sampled_from([None, "KVM", "VMware"]),
    arch=st.sampled_from([None, None, "x86_64"]),
    planner=st.sampled_from(PLANNERS),
    algorithm=st.sampled_from(ALGORITHMS),
    capacity_type=st.sampled_from(CAPACITY_TYPES),
    cpu_to_memory_weight=st.sampled_from([0.25, 0.5]),
    pod_id=mostly_none,
    cluster_id=mostly_none,
    host_id=mostly_none,
    avoid_hosts=some,
    avoid_clusters=st.sampled_from([frozenset(), frozenset({3, 99})]),
    avoid_pods=st.sampled_from([frozenset(), frozenset({1, 99})]),
    forbidden_hosts=some,
    required_hosts=st.sampled_from([None, None, frozenset({2, 5, 9, 99})]),
    host_priorities=st.dictionaries(ids, st.integers(-2, 2), max_size=3),
    storage_clusters=st.sampled_from([None, None, frozenset(), frozenset({2}), frozenset({1, 2, 99})]),
    storage_hosts=st.sampled_from([None, None, frozenset({1, 2, 3, 99})]),
    explicit_dedication=st.sampled_from([False, False, True]),
    preferred=st.booleans(),
)


class Both:
    """The same changes done to the columns and to the naive cloud."""

    def __init__(self) -> None:
        self.columns = HostColumns()
        self.naive = NaiveCloud()

    def change(self, what: str, *arguments: Any) -> None:
        getattr(self, f"_{what}")(*arguments)

    def _host(self, facts: HostFacts) -> None:
        self.columns.upsert(facts)
        self.naive.hosts[facts.host_id] = facts
        self.naive.loads.setdefault(facts.host_id, HostLoad(0, 0, 0))

    def _remove(self, host_id: int) -> None:
        if host_id in self.naive.hosts:
            self.columns.remove(host_id)
            del self.naive.hosts[host_id], self.naive.loads[host_id]
            self.naive.dedicated.pop(("host", host_id), None)

    def _usable(self, host_id: int, usable: bool) -> None:
        if host_id in self.naive.hosts:
            self.columns.set_usable(host_id, usable)
            self.naive.hosts[host_id] = replace(self.naive.hosts[host_id], usable=usable)

    def _load(self, host_id: int, load: HostLoad) -> None:
        if host_id in self.naive.hosts:
            self.columns.set_usage(host_id, *load)
            self.naive.loads[host_id] = load

    def _reserve(self, host_id: int, cpu: int, memory: int, account: int) -> None:
        if host_id in self.naive.hosts:
            self.columns.reserve(host_id, cpu, memory, account)
            had = self.naive.loads[host_id]
            now = HostLoad(max(0, had[0] + cpu), max(0, had[1] + memory), had[2] + 1, had.tenant)
            self.naive.loads[host_id] = now

    def _release(self, host_id: int, then: int | None) -> None:
        """All of it is taken out; `then` somebody's first comes in."""
        if host_id in self.naive.hosts:
            had = self.naive.loads[host_id]
            self.columns.release(host_id, *had[:2], guests=had.guests)
            if then is not None:
                self.columns.reserve(host_id, 500, 1, then, tenant=then)
            self.naive.loads[host_id] = HostLoad(0, 0, 0) if then is None else HostLoad(500, 1, 1, then)

    def _cluster(self, cluster_id: int, facts: ClusterFacts) -> None:
        self.columns.set_cluster(cluster_id, facts)
        self.naive.clusters[cluster_id] = facts

    def _zone(self, zone_id: int, enabled: bool) -> None:
        self.columns.set_zone_enabled(zone_id, enabled)
        (self.naive.closed.discard if enabled else self.naive.closed.add)(("zone", zone_id))

    def _pod(self, pod_id: int, enabled: bool) -> None:
        self.columns.set_pod_enabled(pod_id, enabled)
        (self.naive.closed.discard if enabled else self.naive.closed.add)(("pod", pod_id))

    def _dedicate(self, kind: Any, place_id: int, owner: tuple[int | None, int | None]) -> None:
        if kind == "host" and place_id not in self.naive.hosts:
            return
        self.columns.dedicate(kind, place_id, account_id=owner[0], domain_id=owner[1])
        if owner == (None, None):
            self.naive.dedicated.pop((kind, place_id), None)
        else:
            self.naive.dedicated[kind, place_id] = owner


@settings(max_examples=400)
@given(
    st.lists(hosts(), min_size=5, max_size=25),
    st.lists(changes, max_size=25),
    st.lists(requests, min_size=1, max_size=6),
)
def test_plans_pass_every_check_and_refusals_are_exact(
    first: list[HostFacts], then: list[tuple[Any, ...]], asked: list[Request]
) -> None:
    both = Both()
    for facts in first:
        both.change("host", facts)
    for number, request in enumerate(asked):
        for what in then[number :: len(asked)]:
            both.change(*what)
        _judge(both, request)


def decisions(columns: HostColumns, request: Request) -> list[Plan | Refusal]:
    """What is decided with hosts looked at in each of the ways there are: probed, one by one, by lists, all at once."""
    decided = [place(columns, request, Random(3))]
    for small_group, few, probes in ((1024, 0, 8), (0, 0, 0), (0, 1000, 0)):
        with (
            patch.object(plan_module, "SMALL_GROUP", small_group),
            patch.object(plan_module, "PLACEMENT_PROBES", probes),
            patch.object(plan_module, "FEW", few or 1),
            patch.object(search_module, "FEW", few),
        ):
            decided.append(place(columns, request, Random(3)))
    return decided


def _judge(both: Both, request: Request) -> None:
    for decided in decisions(both.columns, request):
        _judge_one(both, request, decided)


def _judge_one(both: Both, request: Request, decided: Plan | Refusal) -> None:
    naive = both.naive
    if isinstance(decided, Plan):
        event("plan")
        host = naive.hosts[decided.host_id]
        _, tenant, passing = naive.decide(request)
        assert decided.tenant == tenant
        assert host in passing
        assert (decided.cluster_id, decided.pod_id) == (host.cluster_id, host.pod_id)
        assert tuple(both.columns.limits(host.host_id)) == naive.limits(host)
        assert tuple(both.columns.usage(host.host_id)) == tuple(naive.loads[host.host_id])
    else:
        event("refusal")
        decisive, tenant, _ = naive.decide(request)
        assert dict(decided.failed) == naive.counts(decisive, tenant)
        assert decided.total == len(naive.hosts) == sum(count for _, count in decided.failed)


@settings(max_examples=200)
@given(st.lists(hosts(), min_size=5, max_size=25), st.lists(changes, max_size=25), requests)
def test_what_is_chosen_is_first_in_the_stated_order(
    first: list[HostFacts], then: list[tuple[Any, ...]], request: Request
) -> None:
    both, guests = Both(), Counter[tuple[str, int]]()
    for facts in first:
        both.change("host", facts)
    for what, *arguments in then:
        if what not in ("remove", "reserve", "release"):
            both.change(what, *arguments)
        elif what == "reserve" and arguments[0] in both.naive.hosts:
            host = both.naive.hosts[arguments[0]]
            both.change("reserve", host.host_id, 100, 0, request.account_id)
            guests.update([("host", host.host_id), ("cluster", host.cluster_id), ("pod", host.pod_id)])
    concentrates = request.planner == "UserConcentratedPodPlanner" or request.algorithm.startswith("userconcentrated")

    def free(host: HostFacts) -> float:
        (cpu, memory), load = both.naive.limits(host), both.naive.loads[host.host_id]
        weight = {"CPU": 1.0, "RAM": 0.0, "COMBINED": request.cpu_to_memory_weight}[request.capacity_type]
        cpu_share, memory_share = 1 - load.cpu_used_mhz / cpu, 1 - load.memory_used_bytes / memory
        return round(weight * cpu_share + (1 - weight) * memory_share, 9)

    def rank(host: HostFacts) -> tuple[float, ...]:
        by_planner = guests["cluster", host.cluster_id] if request.planner == "UserDispersingPlanner" else 0
        if concentrates and request.planner != "UserDispersingPlanner":
            by_planner = -guests["pod", host.pod_id]
        by_algorithm = guests["host", host.host_id] if request.algorithm == "userdispersing" else 0
        if request.algorithm in ("firstfit", "userconcentratedpod_firstfit"):
            by_algorithm = host.host_id
        elif request.algorithm == "firstfitleastconsumed":
            return -request.host_priorities.get(host.host_id, 0), by_planner, -free(host)
        return -request.host_priorities.get(host.host_id, 0), by_planner, by_algorithm

    _, _, passing = both.naive.decide(request)
    for decided in decisions(both.columns, request):
        assert isinstance(decided, Plan) == bool(passing)
        if isinstance(decided, Plan):
            assert rank(both.naive.hosts[decided.host_id]) == min(map(rank, passing))
