"""Stories of placement: what an operator sets, and where VMs then go."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import lakh
from lakh.base.limits import PLACEMENT_PROBES
from lakh.placement.facts import ClusterFacts, HostFacts
from lakh.placement.hosts import HostColumns
from lakh.placement.plan import Plan, place
from lakh.placement.refusal import Check, Refusal
from lakh.placement.request import Request

Cloud = Callable[..., HostColumns]
Ask = Callable[..., Request]

GIB = 1 << 30


def placed(columns: HostColumns, request: Request, seed: int = 1) -> int:
    plan = place(columns, request, Random(seed))
    assert isinstance(plan, Plan), plan
    return plan.host_id


def refused(columns: HostColumns, request: Request) -> Refusal:
    plan = place(columns, request, Random(1))
    assert isinstance(plan, Refusal), plan
    return plan


def deploy(columns: HostColumns, request: Request, random: Random) -> Plan | Refusal:
    plan = place(columns, request, random)
    if isinstance(plan, Plan):
        columns.reserve(plan.host_id, request.cpu_mhz, request.memory_bytes, request.account_id)
    return plan


def test_a_full_cloud_says_which_check_failed_for_how_many_hosts(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(10, 5)
    columns.set_usable(1, False)
    columns.set_usage(2, 8000, 0, 3)
    for host_id in range(3, 11):
        columns.set_usage(host_id, 0, 32 * GIB, 3)
    refusal = refused(columns, request_vm())
    assert refusal.failed == ((Check.STATE, 1), (Check.CLUSTER_MEMORY, 5), (Check.CPU, 1), (Check.MEMORY, 3))
    assert refusal.text() == (
        "None of 10 hosts fits 1 x 1000 MHz CPU and 1024 MiB memory: 1 not Up and Enabled, "
        "5 in a cluster at its memory disable threshold, 1 with too little free CPU, 3 with too little free memory"
    )


def test_an_empty_cloud_says_so(request_vm: Ask) -> None:
    assert refused(HostColumns(), request_vm()).text() == ("No hosts exist for 1 x 1000 MHz CPU and 1024 MiB memory")


def test_cluster_stops_at_its_disable_threshold_and_skip_heuristics_goes_on(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(10, 10)
    columns.set_cluster(1, ClusterFacts())  # 85 % of 80,000 MHz
    random = Random(4)
    count = 0
    while isinstance(deploy(columns, request_vm(), random), Plan):
        count += 1
    assert count == 68
    assert refused(columns, request_vm()).failed == ((Check.CLUSTER_CPU, 10),)
    assert isinstance(deploy(columns, request_vm(planner="SkipHeuresticsPlanner"), random), Plan)


def test_overcommit_raises_what_a_host_may_give_away(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(1, 1)
    assert columns.limits(1) == (8000, 32 * GIB)
    columns.set_usage(1, 8000, 0, 8)
    assert refused(columns, request_vm()).count(Check.CLUSTER_CPU) == 1
    columns.set_cluster(1, ClusterFacts(cpu_overcommit=2.0, cpu_disable_threshold=1.0))
    assert columns.limits(1) == (16_000, 32 * GIB)
    assert placed(columns, request_vm()) == 1


def test_a_released_vm_makes_room_again(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(1, 1)
    big = request_vm(cpu_count=8, account_id=5)
    assert isinstance(deploy(columns, big, Random(1)), Plan)
    assert columns.usage(1) == (8000, GIB, 1, 0)
    assert isinstance(deploy(columns, big, Random(1)), Refusal)
    columns.release(1, 8000, GIB, 5)
    assert columns.usage(1) == (0, 0, 0, 0)
    assert placed(columns, big) == 1


def test_a_host_in_maintenance_keeps_its_load_and_returns_with_it(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(2, 2)
    columns.set_usage(1, 5000, 2 * GIB, 5)
    columns.set_usable(1, False)
    assert {placed(columns, request_vm(), seed) for seed in range(20)} == {2}
    columns.set_usable(1, True)
    assert columns.usage(1) == (5000, 2 * GIB, 5, 0)
    assert placed(columns, request_vm()) == 1  # the better fit


def test_user_dispersing_planner_fills_clusters_evenly(cloud: Cloud, request_vm: Ask) -> None:
    columns, random = cloud(40, 4), Random(2)
    plans = [deploy(columns, request_vm(planner="UserDispersingPlanner", account_id=3), random) for _ in range(30)]
    assert set(Counter(plan.cluster_id for plan in plans if isinstance(plan, Plan)).values()) == {3}


def test_userdispersing_algorithm_fills_hosts_evenly(cloud: Cloud, request_vm: Ask) -> None:
    columns, random = cloud(20, 10), Random(2)
    plans = [deploy(columns, request_vm(algorithm="userdispersing", account_id=3), random) for _ in range(60)]
    assert Counter(plan.host_id for plan in plans if isinstance(plan, Plan)) == dict.fromkeys(range(1, 21), 3)


@pytest.mark.parametrize(
    "how", [{"planner": "UserConcentratedPodPlanner"}, {"algorithm": "userconcentratedpod_random"}]
)
def test_user_concentrated_pod_stays_in_the_accounts_pod_until_it_is_full(
    cloud: Cloud, request_vm: Ask, how: dict[str, str]
) -> None:
    columns, random = cloud(80, 2), Random(2)  # four pods of 20 hosts
    asked = request_vm(cpu_count=8, account_id=3, **how)
    plans = [deploy(columns, asked, random) for _ in range(40)]
    pods = [plan.pod_id for plan in plans if isinstance(plan, Plan)]
    assert len(set(pods[:20])) == 1
    assert len(set(pods[20:])) == 1
    assert pods[0] != pods[20]


def test_firstfit_takes_the_lowest_host_id_even_in_a_reused_slot(
    cloud: Cloud, host: Callable[..., HostFacts], request_vm: Ask
) -> None:
    columns = cloud(5, 5)
    columns.remove(2)
    columns.upsert(host(9))
    columns.set_usable(1, False)
    assert placed(columns, request_vm(algorithm="firstfit")) == 3


@pytest.mark.parametrize(("capacity_type", "chosen"), [("CPU", 1), ("RAM", 2), ("COMBINED", 3)])
def test_firstfitleastconsumed_goes_by_capacity_type(
    cloud: Cloud, request_vm: Ask, capacity_type: str, chosen: int
) -> None:
    columns = cloud(3, 3)
    columns.set_usage(1, 0, 30 * GIB, 1)
    columns.set_usage(2, 7000, 0, 1)
    columns.set_usage(3, 2000, 8 * GIB, 1)
    asked = request_vm(algorithm="firstfitleastconsumed", capacity_type=capacity_type)
    assert placed(columns, asked) == chosen


def test_non_strict_affinity_prefers_and_still_places_elsewhere(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(50, 50)
    beloved = request_vm(host_priorities={7: 1, 8: 2})
    assert placed(columns, beloved) == 8
    columns.set_usable(8, False)
    assert placed(columns, beloved) == 7
    columns.set_usable(7, False)
    assert placed(columns, beloved) not in (7, 8)
    shunned = request_vm(host_priorities=dict.fromkeys(range(1, 50), -1))
    assert placed(columns, shunned) == 50


def test_dedicated_hosts_are_for_their_owner_only(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(4, 2)
    columns.dedicate("cluster", 2, account_id=7, domain_id=1)
    for seed in range(20):
        assert placed(columns, request_vm(account_id=7), seed) in (1, 2)
        assert placed(columns, request_vm(account_id=7, explicit_dedication=True), seed) in (3, 4)
    assert refused(columns, request_vm(account_id=8, explicit_dedication=True)).failed == ((Check.DEDICATION, 4),)
    columns.dedicate("cluster", 2, account_id=None, domain_id=None)
    assert {placed(columns, request_vm(), seed) for seed in range(50)} == {1, 2, 3, 4}


def test_a_zone_dedicated_to_others_is_closed_whatever_stands_in_it(cloud: Cloud, request_vm: Ask) -> None:
    columns = cloud(2, 2)
    columns.dedicate("zone", 1, account_id=None, domain_id=10)
    columns.dedicate("host", 2, account_id=7, domain_id=None)
    assert refused(columns, request_vm(domain_ids=(11,))).failed == ((Check.DEDICATION, 2),)
    assert refused(columns, request_vm(account_id=7, explicit_dedication=True)).failed == ((Check.DEDICATION, 2),)
    assert placed(columns, request_vm(domain_ids=(11, 10))) == 1
    inside = request_vm(domain_ids=(11, 10), account_id=7, explicit_dedication=True)
    assert {placed(columns, inside, seed) for seed in range(20)} == {1, 2}  # dedicated by zone, and by host
    assert placed(columns, request_vm(domain_ids=(11, 10), account_id=8, explicit_dedication=True)) == 1


def test_a_host_takes_no_more_guests_than_its_hypervisor_allows(cloud: Cloud, request_vm: Ask) -> None:
    columns, random = cloud(3, 3, max_guests=2), Random(1)
    plans = [deploy(columns, request_vm(), random) for _ in range(6)]
    assert Counter(plan.host_id for plan in plans if isinstance(plan, Plan)) == {1: 2, 2: 2, 3: 2}
    assert refused(columns, request_vm()).failed == ((Check.MAX_GUESTS, 3),)
    columns.release(2, 0, 0)  # stopped: its reservation stays, its place as a guest does not
    assert placed(columns, request_vm()) == 2


def test_tags_are_all_required_and_found_however_rare(cloud: Cloud, host: Callable[..., HostFacts]) -> None:
    columns = cloud(3000, 20)
    columns.upsert(host(77, pod_id=1, cluster_id=4, tags=("ssd", "gpu")))
    columns.upsert(host(78, pod_id=1, cluster_id=4, tags=("ssd",)))
    asked = Request(zone_id=1, cpu_count=1, cpu_speed_mhz=1000, memory_bytes=GIB, host_tags=("ssd", "gpu"))
    plan = place(columns, asked, Random(1))
    assert isinstance(plan, Plan)
    assert plan.host_id == 77
    assert plan.touched <= PLACEMENT_PROBES


def test_a_host_cannot_move(cloud: Cloud, host: Callable[..., HostFacts]) -> None:
    with pytest.raises(ValueError, match="host 1 cannot change its zone, pod or cluster"):
        cloud(2, 2).upsert(host(1, cluster_id=5))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"planner": "BestPlanner"}, "planner 'BestPlanner' is unknown; it must be one of FirstFitPlanner, UserDisp"),
        ({"algorithm": "best"}, "algorithm 'best' is unknown; it must be one of random, firstfit"),
        ({"capacity_type": "DISK"}, "capacity_type 'DISK' is unknown; it must be one of CPU, RAM, COMBINED"),
        ({"cpu_count": 0}, "cpu_count is 0; it must be 1 or more"),
        ({"memory_bytes": -1}, "memory_bytes is -1; it must be 1 or more"),
        ({"cpu_to_memory_weight": 2.0}, "cpu_to_memory_weight is 2.0; it must be between 0 and 1"),
    ],
)
def test_a_wrong_request_names_the_field(request_vm: Ask, wrong: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        request_vm(**wrong)


SHAPES = [(1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (4, 16), (8, 16), (8, 32)]  # cores, GiB: CPU runs out first


def test_the_default_planner_packs_a_cloud_to_the_brim(cloud: Cloud) -> None:
    columns = cloud(1000, 20, cpu_cores=128, cpu_speed_mhz=2000, memory_total_bytes=512 * GIB, max_guests=500)
    random, used = Random(11), 0
    while True:
        cores, memory = random.choice(SHAPES)
        asked = Request(zone_id=1, cpu_count=cores, cpu_speed_mhz=2000, memory_bytes=memory * GIB)
        if isinstance(deploy(columns, asked, random), Refusal):
            break
        used += cores
    assert used / (1000 * 128) >= 0.999


def test_work_does_not_grow_with_hosts_per_cluster(cloud: Cloud, request_vm: Ask) -> None:
    work = {}
    for per_cluster in (20, 4000):
        columns, random = cloud(4000, per_cluster), Random(5)
        plans = [deploy(columns, request_vm(), random) for _ in range(200)]
        work[per_cluster] = sum(plan.touched for plan in plans)
    assert work[20] <= 200 * PLACEMENT_PROBES
    assert work[4000] <= 200 * PLACEMENT_PROBES
    assert abs(work[20] - work[4000]) <= 0.1 * work[20]


STORY = """
from random import Random
from lakh.placement.facts import ClusterFacts, HostFacts
from lakh.placement.hosts import HostColumns
from lakh.placement.plan import Plan, place
from lakh.placement.request import Request
columns = HostColumns()
for n in range(500):
    tags = ("a", "b") if n % 3 else ("c",)
    columns.upsert(HostFacts(host_id=n, zone_id=1, pod_id=n // 100, cluster_id=n // 20, usable=True, cpu_cores=8,
                             cpu_speed_mhz=1000, memory_total_bytes=1 << 34, tags=tags))
random, chosen = Random(9), []
for n in range(2000):
    request = Request(zone_id=1, cpu_count=1 + n % 3, cpu_speed_mhz=1000, memory_bytes=1 << 30, account_id=n % 5,
                      host_tags=("b", "a") if n % 2 else (), avoid_hosts=frozenset({n % 500, 7, 8}),
                      planner=["FirstFitPlanner", "UserDispersingPlanner", "UserConcentratedPodPlanner"][n % 3])
    plan = place(columns, request, random)
    if isinstance(plan, Plan):
        columns.reserve(plan.host_id, request.cpu_mhz, request.memory_bytes, request.account_id)
    chosen.append(plan.host_id if isinstance(plan, Plan) else plan.text())
print(chosen)
"""


def test_the_same_seed_places_the_same_whatever_the_hash_seed() -> None:
    source = str(Path(lakh.__file__).parents[1])
    outputs = [
        subprocess.run(
            [sys.executable, "-c", STORY],
            env={**os.environ, "PYTHONPATH": source, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "4711")
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count(",") > 1000
