"""Snapshot and request become a plan or an exact refusal.

The default draws PLACEMENT_PROBES hosts at random from the narrowest group that holds every candidate (zone, pod,
cluster, or a host tag) and takes the best fit of those that pass: 5 µs, packing within 0.1 % of a full best-fit scan,
and two servers seldom meet on one host. When no probe passes, one exact scan in numpy decides; only when that finds
nothing is the refusal counted. The same columns, request and state of `random` give the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lakh.base.limits import PLACEMENT_PROBES
from lakh.placement.groups import SlotSet
from lakh.placement.hosts import HostColumns
from lakh.placement.orders import Order, avoidances, can_probe, fullest_pod, of_algorithm, of_planner, pick, priorities
from lakh.placement.refusal import Refusal
from lakh.placement.request import Request
from lakh.placement.search import Domain, Search, Slots

SMALL_GROUP = 1024
"""Groups up to this size are scanned by themselves; larger ones in one pass over all columns, which is then cheaper."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The host to reserve on. `touched` counts the hosts checked."""

    host_id: int
    cluster_id: int
    pod_id: int
    touched: int


def place(columns: HostColumns, request: Request, random: Random) -> Plan | Refusal:
    """Chooses a host for `request`, or says why there is none. Changes nothing: reserve what it proposes."""
    search = Search(columns, request)
    group = _narrowest(columns, request)
    slot: int | None = None
    orders = _orders(columns, request)
    if (preferred := _preferred_hosts(search)) is not None:
        slot = _scan(search, preferred, [*_some(priorities(columns, request)), *orders])
    orders = [*_some(avoidances(columns, request)), *orders]
    if slot is None and group is not None and can_probe(request):
        pod_id = fullest_pod(columns, request)
        likely = group if pod_id is None else columns.usable_in("pod", pod_id)
        slot = _probe(search, min(group, likely, key=len), orders, random)
    if slot is None:
        slot = _scan(search, _domain(search, group), orders)
    if slot is None:
        return search.refusal()
    cluster_id = columns.clusters.numbers.values[columns.cluster[slot]]
    return Plan(columns.host_id[slot], cluster_id, columns.pods.numbers.values[columns.pod[slot]], search.touched)


def _some(order: Order | None) -> list[Order]:
    return [] if order is None else [order]


def _orders(columns: HostColumns, request: Request) -> list[Order]:
    return _some(of_planner(columns, request)) + _some(of_algorithm(columns, request))


def _narrowest(columns: HostColumns, request: Request) -> SlotSet | None:
    """The smallest group of usable hosts that holds every candidate; None where the request lists hosts itself."""
    if request.host_id is not None or request.required_hosts is not None:
        return None
    groups = [columns.usable_in("zone", request.zone_id)]
    groups += [columns.usable_with(tag) for tag in request.host_tags]
    if request.pod_id is not None:
        groups.append(columns.usable_in("pod", request.pod_id))
    if request.cluster_id is not None:
        groups.append(columns.usable_in("cluster", request.cluster_id))
    if request.storage_clusters is not None and len(request.storage_clusters) == 1 and not request.storage_hosts:
        groups.append(columns.usable_in("cluster", next(iter(request.storage_clusters))))
    return min(groups, key=len)


def _preferred_hosts(search: Search) -> Slots | None:
    """The hosts that a non-strict affinity group prefers: where one passes, no other need be looked at."""
    preferred = frozenset(host for host, priority in search.request.host_priorities.items() if priority > 0)
    return search.slots_of(preferred) if preferred else None


def _domain(search: Search, group: SlotSet | None) -> Domain:
    request = search.request
    if request.host_id is not None:
        return search.slots_of(frozenset((request.host_id,)))
    if request.required_hosts is not None:
        return search.slots_of(request.required_hosts)
    if group is not None and len(group) <= SMALL_GROUP:
        return group.array()
    return search.everywhere


def _probe(search: Search, group: SlotSet, orders: list[Order], random: Random) -> int | None:
    """The best fit of a few random hosts that pass and that no order would put behind another."""
    slack, slots, size = search.columns.slack, group.slots, len(group)
    if size <= PLACEMENT_PROBES:
        start = int(random.random() * size)  # all of them, but not always the same first among equals
        drawn = slots[start:] + slots[:start]
    else:
        drawn = [slots[int(random.random() * size)] for _ in range(PLACEMENT_PROBES)]
    found: int | None = None
    for slot in drawn:
        is_better = found is None or slack[slot] < slack[found]
        if is_better and search.passes(slot) and (not orders or all(o.key(slot) == o.best for o in orders)):
            found = slot
    return found


def _scan(search: Search, domain: Domain, orders: list[Order]) -> int | None:
    slots = search.passing(domain)
    if not len(slots):
        return None
    for order in orders:
        slots = order.lowest(slots)
    return pick(search.columns, search.request, slots)
