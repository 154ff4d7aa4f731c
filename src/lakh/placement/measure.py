"""`python -m lakh.placement.measure --hosts 100000`: what placement costs by itself, in processor time of one core.

Nothing stands in for anything: the columns, requests and plans are those of a server, the hosts those of a fleet that
was told nothing else. One placement is a request made, placed, and reserved, with an older VM's reservation given back:
a cloud at work, at a steady load. Blocks of clouds whose hosts stand in clusters of 20, of 1,000, and in one cluster
follow each other again and again, so that what else the machine does falls on all of them alike; medians are told.

Then an empty cloud is filled until it refuses, one VM in ten given back on the way: that is how well it packs. Each
finding is a line of JSON on standard output: a figure with value and unit, or a chart.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any, Final

from lakh.base.findings import say
from lakh.placement.facts import ClusterFacts, HostFacts
from lakh.placement.hosts import HostColumns
from lakh.placement.plan import Plan, place
from lakh.placement.request import Request

GIB: Final = 1 << 30
CORES, SPEED_MHZ, MEMORY_BYTES = 32, 2600, 127 * GIB
"""A host of a fleet; one GiB of its 128 is its own."""
SHAPES: Final = ((1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (4, 16), (8, 16), (8, 32))
"""Cores and GiB of what is asked for: CPU runs out first."""
ACCOUNTS: Final = 2000
CLUSTERS_A_POD: Final = 10
PER_CLUSTER: Final = (20, 1000, 0)
"""Hosts per cluster of the clouds that are compared; 0 is all of them."""
ROUNDS: Final = 7
PROBED_A_BLOCK, SCANNED_A_BLOCK = 600, 40
KEPT: Final = 64
"""So many VMs later a reservation is given back."""
FORBIDDEN: Final = 30
"""Hosts that other members of a strict anti-affinity group are on."""
STEPS: Final = 20
"""Parts of the way to a full cloud that are timed apart."""

OPEN: Final = ClusterFacts(cpu_disable_threshold=1.0, memory_disable_threshold=1.0)
Ask = Callable[[int], Request]


def tags_of(number: int) -> tuple[str, ...]:
    """A third of the hosts have one tag, one in a thousand another."""
    return (*(("ssd",) if number % 3 == 0 else ()), *(("rare",) if number % 1000 == 7 else ()))


def cloud(hosts: int, per_cluster: int) -> HostColumns:
    """Empty hosts 1…n of one zone; clusters take what they have, to the last."""
    columns = HostColumns()
    for number in range(hosts):
        cluster = 1 + number // (per_cluster or hosts)
        columns.upsert(
            HostFacts(
                host_id=number + 1,
                zone_id=1,
                pod_id=1 + (cluster - 1) // CLUSTERS_A_POD,
                cluster_id=cluster,
                usable=True,
                cpu_cores=CORES,
                cpu_speed_mhz=SPEED_MHZ,
                memory_total_bytes=MEMORY_BYTES,
                tags=tags_of(number),
            )
        )
    for cluster in range(1, 2 + (hosts - 1) // (per_cluster or hosts)):
        columns.set_cluster(cluster, OPEN)
    return columns


def half_fill(columns: HostColumns, random: Random) -> None:
    """Gives every host VMs of these shapes until half of its cores are taken, each of some account."""
    for host_id in columns.slot_of:
        cores = memory = guests = 0
        while cores < CORES // 2:
            more_cores, more_memory = random.choice(SHAPES)
            cores, memory, guests = cores + more_cores, memory + more_memory, guests + 1
        columns.set_usage(host_id, cores * SPEED_MHZ, memory * GIB, guests)
        columns.set_account_guests(random.randrange(ACCOUNTS), host_id, guests)


@dataclass(slots=True)
class Work:
    """What is asked of clouds of so many hosts. Each method makes the request of a number."""

    hosts: int
    random: Random
    exhausted: tuple[str, ...] = field(default=())  # tags that no host has room with

    def _asked(self, number: int, **more: Any) -> Request:
        cores, memory = self.random.choice(SHAPES)
        return Request(
            zone_id=1,
            cpu_count=cores,
            cpu_speed_mhz=SPEED_MHZ,
            memory_bytes=memory * GIB,
            account_id=number % ACCOUNTS,
            domain_ids=(1,),
            hypervisor="KVM",
            arch="x86_64",
            **more,
        )

    def _some(self, number: int, count: int) -> frozenset[int]:
        return frozenset(1 + (number * 7919 + i * 104_729) % self.hosts for i in range(count))

    def plain(self, number: int) -> Request:
        return self._asked(number)

    def tagged(self, number: int) -> Request:
        return self._asked(number, host_tags=("ssd",))

    def rarely_tagged(self, number: int) -> Request:
        return self._asked(number, host_tags=("rare",))

    def anti_affinity(self, number: int) -> Request:
        return self._asked(number, forbidden_hosts=self._some(number, FORBIDDEN))

    def affinity(self, number: int) -> Request:
        return self._asked(number, required_hosts=self._some(number, 3))

    def preferring(self, number: int) -> Request:
        return self._asked(number, host_priorities=dict.fromkeys(self._some(number, 3), 1))

    def dispersing(self, number: int) -> Request:
        return self._asked(number, planner="UserDispersingPlanner")

    def mixed(self, number: int) -> Request:
        """What the default planner is asked: a third with tags, a third with affinity or anti-affinity groups."""
        kinds = (self.plain, self.tagged, self.anti_affinity, self.plain, self.tagged, self.affinity)
        return kinds[number % len(kinds)](number)

    def filling(self, number: int) -> Request:
        """The same without affinity, whose hosts are full long before the cloud is, and without tags used up."""
        kinds = (self.plain, self.plain if self.exhausted else self.tagged, self.anti_affinity)
        return kinds[number % len(kinds)](number)

    def firstfit(self, number: int) -> Request:
        """Looks at all hosts, those without the tag and the forbidden ones too."""
        forbidden = self._some(number, FORBIDDEN)
        return self._asked(number, algorithm="firstfit", host_tags=("ssd",), forbidden_hosts=forbidden)

    def least_consumed(self, number: int) -> Request:
        """Looks at all hosts, and compares all of them."""
        return self._asked(number, algorithm="firstfitleastconsumed")

    def least_consumed_dispersing(self, number: int) -> Request:
        """The same among hosts of those clusters where the account has the fewest guests."""
        return self._asked(number, algorithm="firstfitleastconsumed", planner="UserDispersingPlanner")

    def least_consumed_tagged(self, number: int) -> Request:
        """The same among hosts with a tag and without the forbidden."""
        forbidden = self._some(number, FORBIDDEN)
        return self._asked(number, algorithm="firstfitleastconsumed", host_tags=("ssd",), forbidden_hosts=forbidden)

    def refused(self, number: int) -> Request:
        """More cores than any host has free: eight probes, one scan, and all hosts counted by what they lack."""
        return Request(
            zone_id=1,
            cpu_count=CORES,
            cpu_speed_mhz=SPEED_MHZ,
            memory_bytes=MEMORY_BYTES,
            account_id=number % ACCOUNTS,
            domain_ids=(1,),
            hypervisor="KVM",
            arch="x86_64",
            host_tags=("ssd",),
            forbidden_hosts=self._some(number, FORBIDDEN),
        )


PROBED: Final = (
    "mixed",
    "plain",
    "tagged",
    "rarely_tagged",
    "anti_affinity",
    "affinity",
    "preferring",
    "dispersing",
)
SCANNED: Final = ("firstfit", "least_consumed", "least_consumed_dispersing", "least_consumed_tagged", "refused")


def block(columns: HostColumns, ask: Ask, numbers: Iterable[int], random: Random) -> float:
    """Seconds of processor time for each placement: request, plan, reservation, and another's release."""
    reserved: deque[tuple[int, int, int, int]] = deque()
    count, began = 0, time.process_time()
    for number in numbers:
        request = ask(number)
        plan = place(columns, request, random)
        if isinstance(plan, Plan):
            vm = (plan.host_id, request.cpu_mhz, request.memory_bytes, request.account_id)
            columns.reserve(*vm)
            reserved.append(vm)
            if len(reserved) > KEPT:
                columns.release(*reserved.popleft())
        count += 1
    taken = time.process_time() - began
    for vm in reserved:
        columns.release(*vm)
    return taken / count


def compare(hosts: int, seed: int) -> None:
    """Tells each kind of request's time by hosts per cluster, and how much slower large clusters are."""
    names = {per: f"in clusters of {per}" if per else "in one cluster" for per in PER_CLUSTER}
    clouds = {}
    for per in PER_CLUSTER:
        began = time.process_time()
        clouds[per] = cloud(hosts, per)
        half_fill(clouds[per], Random(seed))
        say(note=f"{hosts:,} hosts {names[per]}, half full, in {time.process_time() - began:.1f} s")
    work, random = Work(hosts, Random(seed)), Random(seed)
    taken: dict[tuple[str, int], list[float]] = {}
    for number in range(ROUNDS + 1):
        for kind in (*PROBED, *SCANNED):
            size = PROBED_A_BLOCK if kind in PROBED else SCANNED_A_BLOCK
            numbers = range(number * size, (number + 1) * size)
            for per, columns in clouds.items():
                seconds = block(columns, getattr(work, kind), numbers, random)
                if number:  # the first round fills caches
                    taken.setdefault((kind, per), []).append(seconds)
    medians = {key: median(seconds) for key, seconds in taken.items()}
    for kind in (*PROBED, *SCANNED):
        for per in PER_CLUSTER:
            say(figure=f"{kind} {names[per]}".replace(" ", "_"), value=medians[kind, per] * 1e6, unit="µs")
    first = PER_CLUSTER[0]
    slowest = max(SCANNED, key=lambda kind: medians[kind, first])
    say(figure="default_per_second", value=1 / medians["mixed", first], unit="1/s")
    say(figure="exact_scans_per_second", value=1 / medians[slowest, first], unit="1/s")
    for figure, kinds in (("default_slope", ("mixed",)), ("exact_slope", SCANNED)):
        slope = max(medians[kind, per] / medians[kind, first] for kind in kinds for per in PER_CLUSTER)
        say(figure=figure, value=(slope - 1) * 100, unit="%")


@dataclass(slots=True)
class Filling:
    """A cloud on its way from empty to full."""

    columns: HostColumns
    work: Work
    random: Random
    total_mhz: int
    used_mhz: int = 0
    number: int = 0
    vms: list[tuple[int, int, int, int]] = field(default_factory=list)

    def until(self, share: float) -> bool:
        """Places VMs until so much of the CPU is given away, one in ten of them given back; False at a refusal that
        is not for a tag whose hosts are full."""
        while self.used_mhz < share * self.total_mhz:
            request = self.work.filling(self.number)
            self.number += 1
            plan = place(self.columns, request, self.random)
            if not isinstance(plan, Plan):
                if not request.host_tags:
                    return False
                self.work.exhausted = request.host_tags
                continue
            vm = (plan.host_id, request.cpu_mhz, request.memory_bytes, request.account_id)
            self.columns.reserve(*vm)
            self.used_mhz += request.cpu_mhz
            self.vms.append(vm)
            if self.number % 10 == 0:
                self._give_back()
        return True

    def _give_back(self) -> None:
        """Any of the VMs."""
        chosen = self.random.randrange(len(self.vms))
        vm, self.vms[chosen] = self.vms[chosen], self.vms[-1]
        self.vms.pop()
        self.columns.release(*vm)
        self.used_mhz -= vm[1]

    def packed(self, tags: tuple[str, ...] = ()) -> float:
        """Percent of the CPU given away, of hosts that have the tags."""
        slots = range(self.columns.end) if not tags else self.columns.usable_with(tags[0]).slots
        given = sum(self.columns.cpu_used[slot] for slot in slots)
        return given * 100 / sum(self.columns.cpu_limit[slot] for slot in slots)


def fill(hosts: int, seed: int) -> None:
    """Fills a cloud of clusters of 20 and tells how far it came, and how fast on the way."""
    columns = cloud(hosts, PER_CLUSTER[0])
    filling = Filling(columns, Work(hosts, Random(seed)), Random(seed), hosts * CORES * SPEED_MHZ)
    points: list[tuple[float, float]] = []
    began = time.process_time()
    goes_on, step, tagged = True, 0, 0.0
    while goes_on:
        step += 1
        before, at = filling.number, time.process_time()
        goes_on = filling.until(step / STEPS)
        if filling.work.exhausted and not tagged:
            tagged = filling.packed(filling.work.exhausted)
        points.append((filling.packed(), (filling.number - before) / max(time.process_time() - at, 1e-6)))
    taken = time.process_time() - began
    say(figure="packed", value=filling.packed(), unit="%")
    say(figure="packed_with_tag", value=tagged, unit="%")
    say(figure="filled_with", value=len(filling.vms), unit="VMs")
    say(figure="filling_per_second", value=filling.number / taken, unit="1/s")
    say(figure="slowest_filling_per_second", value=min(rate for _, rate in points), unit="1/s")
    say(chart="filling", title="filling a cloud", unit="placements per second", across="% of CPU given away",
        series={"default planner": points})  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(prog="python -m lakh.placement.measure", description="What placement costs.")
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    compare(given.hosts, given.seed)
    fill(given.hosts, given.seed)


if __name__ == "__main__":
    main()
