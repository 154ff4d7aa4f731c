"""Stories of storage placement, and its agreement with a plain loop."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from lakh.placement.refusal import PoolCheck, Refusal
from lakh.placement.storage import ALGORITHMS, ALLOCATORS, PoolColumns, PoolFacts, PoolPlan, PoolRequest, StorageReach

GIB = 1 << 30


def pool(pool_id: int, **changes: Any) -> PoolFacts:
    facts: dict[str, Any] = {"pool_id": pool_id, "zone_id": 1, "scope": "ZONE", "usable": True, "capacity_bytes": GIB}
    return PoolFacts(**{**facts, **changes})


def columns_of(*facts: PoolFacts) -> PoolColumns:
    columns = PoolColumns()
    for one in facts:
        columns.upsert(one)
    return columns


def chosen(columns: PoolColumns, request: PoolRequest, seed: int = 1) -> int:
    plan = columns.choose(request, Random(seed))
    assert isinstance(plan, PoolPlan), plan
    return plan.pool_id


def test_the_clusters_pool_comes_before_the_zones_and_local_is_apart() -> None:
    columns = columns_of(
        pool(1),
        pool(2, scope="CLUSTER", place_id=5),
        pool(3, scope="CLUSTER", place_id=6),
        pool(4, scope="HOST", place_id=50),
    )
    on_host = PoolRequest(zone_id=1, size_bytes=1, host_id=50, cluster_id=5)
    assert chosen(columns, on_host) == 2
    assert chosen(columns, PoolRequest(zone_id=1, size_bytes=1, host_id=51, cluster_id=7)) == 1
    assert chosen(columns, PoolRequest(zone_id=1, size_bytes=1, host_id=50, cluster_id=5, local=True)) == 4
    turned = ("ZoneWideStoragePoolAllocator", "ClusterScopeStoragePoolAllocator")
    assert chosen(columns, PoolRequest(zone_id=1, size_bytes=1, host_id=50, cluster_id=5, allocators=turned)) == 1


def test_a_pool_gives_away_up_to_its_allocated_threshold_and_no_byte_more() -> None:
    columns = columns_of(pool(1, capacity_bytes=1000))  # x 2.0 x 0.85
    fits = columns.choose(PoolRequest(zone_id=1, size_bytes=1700), Random(1))
    assert fits == PoolPlan(1, 1700)
    assert isinstance(columns.choose(PoolRequest(zone_id=1, size_bytes=1701), Random(1)), Refusal)
    columns.reserve(1, 1000)
    refusal = columns.choose(PoolRequest(zone_id=1, size_bytes=701), Random(1))
    assert isinstance(refusal, Refusal)
    assert refusal.failed == ((PoolCheck.ALLOCATED, 1),)
    columns.release(1, 1000)
    assert chosen(columns, PoolRequest(zone_id=1, size_bytes=1700)) == 1


def test_a_refusal_counts_every_pool() -> None:
    columns = columns_of(
        pool(1, usable=False),
        pool(2, zone_id=2),
        pool(3, tags=("ssd",)),
        pool(4, scope="HOST", place_id=9),
        pool(5, tags=("ssd",)),
    )
    columns.set_usage(3, used_bytes=GIB, allocated_bytes=0)
    columns.set_usage(5, used_bytes=0, allocated_bytes=2 * GIB)
    refusal = columns.choose(PoolRequest(zone_id=1, size_bytes=GIB, tags=("ssd",)), Random(1))
    assert isinstance(refusal, Refusal)
    assert refusal.text() == (
        "None of 5 storage pools fits a volume of 1 GiB on shared storage with storage tags ssd: 1 in another zone, "
        "1 of another scope than the one asked for, 1 not Up, 1 at the used capacity disable threshold, "
        "1 at the allocated capacity disable threshold"
    )


def test_reach_tells_hosts_where_storage_is() -> None:
    columns = columns_of(
        pool(2, scope="CLUSTER", place_id=5),
        pool(3, scope="CLUSTER", place_id=6, usable=False),
        pool(4, scope="HOST", place_id=50),
    )
    shared = PoolRequest(zone_id=1, size_bytes=1)
    assert columns.reach(shared) == StorageReach(frozenset({5}), frozenset())
    assert columns.reach(PoolRequest(zone_id=1, size_bytes=1, local=True)) == StorageReach(frozenset(), frozenset({50}))
    columns.upsert(pool(1))
    assert columns.reach(shared) == StorageReach(None, None)


def test_algorithms_choose_among_pools() -> None:
    columns = columns_of(pool(1), pool(2), pool(3))
    columns.reserve(1, 100, account_id=7)
    columns.reserve(2, 50, account_id=8)
    columns.reserve(3, 70)
    asked = {name: PoolRequest(zone_id=1, size_bytes=1, account_id=8, algorithm=name) for name in ALGORITHMS}
    assert chosen(columns, asked["firstfit"]) == 1
    assert chosen(columns, asked["firstfitleastconsumed"]) == 2
    assert chosen(columns, asked["userdispersing"]) == 1
    assert {chosen(columns, asked["random"], seed) for seed in range(30)} == {1, 2, 3}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"size_bytes": 0}, "size_bytes is 0"),
        ({"algorithm": "best"}, "algorithm 'best' is unknown"),
        ({"allocators": ("GCStorage",)}, "allocator 'GCStorage' is unknown; it must be one of LocalStorage"),
        ({"host_id": 4}, "cluster_id is missing"),
    ],
)
def test_a_wrong_request_names_the_field(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        PoolRequest(**{"zone_id": 1, "size_bytes": 1, **wrong})


places = st.one_of(
    st.tuples(st.just("ZONE"), st.none()), st.tuples(st.sampled_from(["CLUSTER", "HOST"]), st.integers(1, 3))
)
usages = st.tuples(st.integers(0, 100), st.integers(0, 200))


@st.composite
def pools(draw: Any) -> PoolFacts:
    scope, place = draw(places)
    return pool(
        draw(st.integers(1, 12)),
        zone_id=draw(st.sampled_from([1, 1, 2])),
        scope=scope,
        place_id=place,
        usable=draw(st.sampled_from([True, True, False])),
        capacity_bytes=draw(st.sampled_from([0, 50, 100])),
        tags=draw(st.sampled_from([(), ("ssd",), ("ssd", "raid")])),
        overprovisioning=draw(st.sampled_from([1.0, 2.0])),
        used_threshold=draw(st.sampled_from([0.5, 1.0])),
    )


asked_pools = st.builds(
    PoolRequest,
    zone_id=st.just(1),
    size_bytes=st.sampled_from([1, 20, 90]),
    host_id=st.sampled_from([None, 1, 2]),
    cluster_id=st.integers(1, 3),
    tags=st.sampled_from([(), ("ssd",), ("raid", "ssd"), ("none",)]),
    local=st.booleans(),
    pool_id=st.sampled_from([None, None, 1, 99]),
    avoid_pools=st.frozensets(st.integers(1, 12), max_size=3),
    algorithm=st.sampled_from(ALGORITHMS),
    allocators=st.permutations(list(ALLOCATORS)).map(tuple),
)


def first_failed(facts: PoolFacts, usage: tuple[int, int], request: PoolRequest) -> PoolCheck:
    reached = {"CLUSTER": (None, request.cluster_id), "HOST": (None, request.host_id), "ZONE": (None,)}[facts.scope]
    wrong = {
        PoolCheck.ZONE: facts.zone_id != request.zone_id,
        PoolCheck.POOL: request.pool_id not in (None, facts.pool_id),
        PoolCheck.SCOPE: (facts.scope == "HOST") != request.local,
        PoolCheck.REACH: facts.place_id not in reached and reached[-1] is not None,
        PoolCheck.STATUS: not facts.usable,
        PoolCheck.AVOID: facts.pool_id in request.avoid_pools,
        PoolCheck.TAGS: not set(request.tags) <= set(facts.tags),
        PoolCheck.USED: usage[0] > round(facts.capacity_bytes * facts.used_threshold),
        PoolCheck.ALLOCATED: usage[1] + request.size_bytes
        > round(facts.capacity_bytes * facts.overprovisioning * facts.allocated_threshold),
    }
    return next((check for check, failed in wrong.items() if failed), PoolCheck.NONE)


@settings(max_examples=300)
@given(st.lists(st.tuples(pools(), usages), max_size=15), st.lists(asked_pools, min_size=1, max_size=4), st.data())
def test_pool_choice_agrees_with_a_plain_loop(
    given_pools: list[tuple[PoolFacts, tuple[int, int]]], asked: list[PoolRequest], data: st.DataObject
) -> None:
    columns, known = PoolColumns(), {}
    for facts, (used, allocated) in given_pools:
        columns.upsert(facts)
        columns.set_usage(facts.pool_id, used_bytes=used, allocated_bytes=allocated)
        known[facts.pool_id] = (facts, (used, allocated))
    for request in asked:
        if known and data.draw(st.booleans()):
            changed = data.draw(st.sampled_from(sorted(known)))
            facts, (used, allocated) = known[changed]
            columns.reserve(changed, 10)
            known[changed] = (facts, (used, allocated + 10))
        verdicts = {p: first_failed(*known[p], request) for p in known}
        decided = columns.choose(request, Random(1))
        if isinstance(decided, PoolPlan):
            assert verdicts[decided.pool_id] is PoolCheck.NONE
        else:
            assert dict(decided.failed) == Counter(verdicts.values())
            assert decided.total == len(known)
