"""Snapshot and request become a plan or an exact refusal.

The default draws PLACEMENT_PROBES hosts at random from the narrowest group that holds every candidate (zone, pod,
cluster, or a host tag) and takes the best fit of those that pass: 5 µs, packing within 0.1 % of a full best-fit scan,
and two servers seldom meet on one host. When no probe passes, one exact scan in numpy decides; only when that finds
nothing is the refusal counted. The same columns, request and state of `random` give the same plan.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import NamedTuple

import numpy as np

from lakh.base.limits import PLACEMENT_PROBES
from lakh.placement.groups import SlotSet
from lakh.placement.hosts import HostColumns
from lakh.placement.orders import (
    Order,
    avoidances,
    can_probe,
    first_of_many,
    fullest_pod,
    of_algorithm,
    of_planner,
    pick,
    priorities,
)
from lakh.placement.refusal import Refusal
from lakh.placement.request import IMPLICIT, Request
from lakh.placement.search import FEW, Search, Slots
from lakh.placement.tenants import SHARED

SMALL_GROUP = 1024
"""Groups up to this size are scanned by themselves; larger ones in one pass over all columns, which is then cheaper."""


class Plan(NamedTuple):
    """The host to reserve on, and whose it is then. `touched` counts the hosts checked."""

    host_id: int
    cluster_id: int
    pod_id: int
    touched: int
    tenant: int = SHARED


def place(columns: HostColumns, request: Request, random: Random) -> Plan | Refusal:
    """Chooses a host for `request`, or says why there is none. Changes nothing: reserve what it proposes."""
    tenant = request.account_id if request.planner == IMPLICIT else SHARED
    search = Search(columns, request, tenant)
    slot = _find(search, random, tenant)
    if slot is None and tenant != SHARED and request.preferred:
        tenant = SHARED
        search = Search(columns, replace(request, planner="FirstFitPlanner"))
        slot = _find(search, random, tenant)
    if slot is None:
        return search.refusal()
    cluster_id = columns.clusters.numbers.values[columns.cluster[slot]]
    pod_id = columns.pods.numbers.values[columns.pod[slot]]
    return Plan(columns.host_id[slot], cluster_id, pod_id, search.touched, tenant)


def _find(search: Search, random: Random, tenant: int) -> int | None:
    """The slot of the host to take."""
    columns, request = search.columns, search.request
    group = _narrowest(columns, request)
    slot: int | None = None
    orders = _orders(columns, request)
    if tenant != SHARED:  # its own hosts before any empty one
        liked = _some(priorities(columns, request)) + _some(avoidances(columns, request))
        slot = _scan(search, columns.tenants.own(tenant), [*liked, *orders])
    if slot is None and request.host_priorities:
        if (preferred := _preferred_hosts(search)) is not None:
            slot = _scan(search, preferred, [*_some(priorities(columns, request)), *orders])
        orders = [*_some(avoidances(columns, request)), *orders]
    if slot is None and group is not None and can_probe(request):
        pod_id = fullest_pod(columns, request)
        likely = group if pod_id is None else columns.usable_in("pod", pod_id)
        slot = _probe(search, min(group, likely, key=len), orders, random)
    return slot if slot is not None else _scan(search, _domain(search, group), orders)


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


def _domain(search: Search, group: SlotSet | None) -> Slots | None:
    """The slots worth a look; None where one look at all is cheaper."""
    request = search.request
    if request.host_id is not None:
        return search.slots_of(frozenset((request.host_id,)))
    if request.required_hosts is not None:
        return search.slots_of(request.required_hosts)
    if group is not None and len(group) <= SMALL_GROUP:
        return group.array()
    return None


def _probe(search: Search, group: SlotSet, orders: list[Order], random: Random) -> int | None:
    """The best fit of a few random hosts that pass and that no order would put behind another."""
    slots, size = group.slots, len(group)
    if size <= PLACEMENT_PROBES:
        start = int(random.random() * size)  # all of them, but not always the same first among equals
        drawn = slots[start:] + slots[:start]
    else:
        drawn = [slots[int(random.random() * size)] for _ in range(PLACEMENT_PROBES)]
    drawn.sort(key=search.columns.slack.__getitem__)
    for slot in drawn:
        if search.passes(slot) and (not orders or all(o.key(slot) == o.best for o in orders)):
            return slot
    return None


def _scan(search: Search, domain: Slots | None, orders: list[Order]) -> int | None:
    """The first of all hosts of the domain that pass; None for the domain means every host."""
    if domain is None:
        return _scan_all(search, orders)
    return _first(search, search.passing(domain), orders)


def _first(search: Search, slots: Slots, orders: list[Order]) -> int | None:
    if len(slots) <= 1:
        return int(slots[0]) if len(slots) else None
    for order in orders:
        slots = order.lowest(slots)
    return pick(search.columns, search.request, slots)


def _scan_all(search: Search, orders: list[Order]) -> int | None:
    """Compares masks while many hosts are left: listing the slots of half a mask takes as long as finding it."""
    mask = search.fits()
    found, left = np.count_nonzero(mask), list(orders)
    while found * FEW > len(mask):
        if not left:
            slot = first_of_many(search.columns, search.request, mask)
            if slot is not None:
                return slot
            break
        narrowed = left[0].best_of(mask)
        if narrowed is None:
            break
        mask = narrowed
        found = np.count_nonzero(mask)
        del left[0]
    return _first(search, np.flatnonzero(mask), left)
