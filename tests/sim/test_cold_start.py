"""A server's start costs the same few statements, however many hosts and instances its store holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

from tests.api import Api
from tests.sim.loop import VirtualLoop
from tests.sim.server import ControlProcess, Weather

from lakh.lab.screen import Screen
from lakh.seed.places import make_places
from lakh.seed.seeding import Seeding
from lakh.seed.size import Size
from lakh.store.inline import InlineStore
from lakh.store.table import TABLES

SMALL, LARGE = 10, 1000
STARTED, SETTLED = 20, 80
"""Statements until the API answers, and until every reconciler has passed once, besides a lease of ids per table (other
tests of the process declare tables too)."""
LEASE = "id_block.lease"
CHUNKS = 12
"""What a hundred times as much may cost more: tables that are read, or compared, a portion at a time."""
SETTLE_SECONDS = 20.0


async def _seeded(count: int) -> InlineStore:
    size = Size(hosts=count, vms=count, accounts=5, networks=5, zones=1, hosts_per_cluster=50).checked()
    store = InlineStore.fresh()
    api = await Api.start(store=store)
    places = await make_places(api.cloud, api.admin.client, size)
    await Seeding(api.cloud, places, size, Screen()).run()
    kept = store.copy()
    await api.stop()
    return kept


def _executed(store: InlineStore) -> Counter[str]:
    counters = store.counters()
    return Counter(
        {name.removeprefix("statement:"): int(n) for name, n in counters.items() if name.startswith("statement:")}
    )


def _cold_start(count: int) -> tuple[Counter[str], Counter[str]]:
    """The statements by name until it serves, and until it has settled."""
    store = asyncio.run(_seeded(count))
    loop = VirtualLoop()

    async def start() -> tuple[Counter[str], Counter[str]]:
        before = _executed(store)
        server = ControlProcess(store, Weather(Random(1)), seed=1)
        await server.start([])
        started = _executed(store) - before
        assert server.cloud.snapshots.loads < 20
        await asyncio.sleep(SETTLE_SECONDS)
        settled = _executed(store) - before
        await server.stop()
        return started, settled

    try:
        return loop.run_until_complete(start())
    finally:
        loop.close()


def test_a_cold_start_costs_the_same_statements_whatever_the_store_holds() -> None:
    small, large = _cold_start(SMALL), _cold_start(LARGE)
    for few, many, most in zip(small, large, (STARTED, SETTLED), strict=True):
        assert few[LEASE] == many[LEASE] <= len(TABLES)
        assert few.total() - few[LEASE] <= most, few.most_common()
        assert many.total() - few.total() <= CHUNKS, (many - few).most_common()
