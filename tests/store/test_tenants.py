"""Whose hosts are, on every engine, with many control processes at them at once: the guard of the reservation."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from random import Random

import pytest

from lakh.placement.tenants import MIXED, SHARED
from lakh.resources.host.row import CAPACITIES, INSERT_CAPACITY, RELEASE, RESERVE, RESERVE_ANYWAY, HostCapacityRow
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError, Store

HOSTS = range(1, 6)
ROOM = 6


def reservation(host_id: int, tenant: int) -> TxnSpec:
    return TxnSpec("test.reserve").add(RESERVE, host_id, 1, 1, 1, tenant)


async def hosts(store: Store) -> dict[int, HostCapacityRow]:
    return {row.host_id: row for row in await store.rows(CAPACITIES, -1)}


@pytest.fixture
async def cloud(store: Store) -> Store:
    txn = TxnSpec("test.hosts")
    for host_id in HOSTS:
        txn.put(INSERT_CAPACITY, HostCapacityRow(host_id, ROOM, 0, ROOM, 0, ROOM, 0, 0, 1.0, 1.0))
    await store.submit(txn)
    return store


@pytest.mark.parametrize("seed", range(4))
async def test_a_crowd_never_shares_what_is_one_accounts_own(cloud: Store, seed: int) -> None:
    random = Random(seed)
    wanted = [(random.choice(HOSTS), random.choice([SHARED, SHARED, 7, 8])) for _ in range(120)]
    outcomes = await asyncio.gather(*(cloud.submit(reservation(*each)) for each in wanted), return_exceptions=True)
    came: dict[int, list[int]] = defaultdict(list)
    for (host_id, tenant), outcome in zip(wanted, outcomes, strict=True):
        if not isinstance(outcome, GuardFailedError):
            assert outcome == [1]
            came[host_id].append(tenant)
    asked = Counter(wanted)
    for host_id, row in (await hosts(cloud)).items():
        assert set(came[host_id]) == {row.tenant}, "all that came are of one kind"
        assert row.vms == row.memory_used_bytes == len(came[host_id])
        assert len(came[host_id]) == min(ROOM, asked[host_id, row.tenant]), "and none of them was refused without need"


async def test_an_empty_host_is_whoevers_comes_first(cloud: Store) -> None:
    await cloud.submit(reservation(1, 7))
    for stranger in (SHARED, 8):
        with pytest.raises(GuardFailedError):
            await cloud.submit(reservation(1, stranger))
    await cloud.submit(reservation(1, 7))
    for _ in range(2):
        await cloud.submit(TxnSpec("test.release").add(RELEASE, 1, 1, 1, 1))
    assert (await hosts(cloud))[1].tenant == SHARED
    await cloud.submit(reservation(1, 8))
    assert (await hosts(cloud))[1].tenant == 8


@pytest.mark.parametrize(
    ("first", "found", "then"), [(7, 7, 7), (7, SHARED, MIXED), (7, 8, MIXED), (SHARED, 7, SHARED), (None, 7, 7)]
)
async def test_what_is_found_there_closes_a_host_of_its_own(
    cloud: Store, first: int | None, found: int, then: int
) -> None:
    if first is not None:
        await cloud.submit(reservation(1, first))
    await cloud.submit(TxnSpec("test.found").add(RESERVE_ANYWAY, 1, 1, 1, 1, found))
    assert (await hosts(cloud))[1].tenant == then
