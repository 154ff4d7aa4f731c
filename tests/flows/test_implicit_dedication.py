"""Implicit dedication where several control processes place at once: memory proposes, the store decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.blank import blank
from tests.flows.scenarios import parts
from tests.flows.server import ROOT_ADMIN, Server, fill
from tests.invariants import check_store
from tests.stores import fresh_url

from lakh.contract.declaration import spec_of
from lakh.healing.account_guests import AccountGuests
from lakh.jobs.row import FAILED, SUCCEEDED, JobRow
from lakh.placement.tenants import SHARED
from lakh.resources.command import Caller
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITIES, RELEASE, RESERVE
from lakh.resources.service_offering.row import INSERT as INSERT_OFFERING
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.vm.row import VmRow
from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec

GIB = 1 << 30
SIZE = (1000, 1, GIB)


async def strict(server: Server, **more: Any) -> int:
    """An offering whose Instances must be alone on their hosts."""
    row = blank(
        server.cloud, ServiceOfferingRow, name="Own", display_text="Own", cpus=1, speed_mhz=500, memory_mb=512,
        storage_type="shared", provisioning_type="thin", details_json="{}", state="Active",
        deployment_planner="ImplicitDedicationPlanner", **more,
    )  # fmt: skip
    await server.put((INSERT_OFFERING, row))
    return row.id


async def deploy(server: Server, caller: Caller, offering_id: int | None = None) -> JobRow:
    more = {} if offering_id is None else {"serviceofferingid": offering_id}
    return await server.run(spec_of("deployVirtualMachine").declaration(**parts.deployment(server, **more)), caller)


@pytest.mark.parametrize("stranger", [SHARED, 77])
async def test_an_empty_host_that_another_process_took_is_not_taken(server: Server, stranger: int) -> None:
    account, joe = await parts.account_of(server)
    offering_id, submit, lost = await strict(server), server.store.submit, list[int]()

    async def just_before(txn: TxnSpec) -> list[int]:
        """Another process, of which this one has not heard yet, is faster."""
        wanted = [step.arguments[0] for step in txn.steps if step.statement is RESERVE]
        if wanted and not lost:
            lost.extend(wanted)
            await submit(TxnSpec("test.other").add(RESERVE, lost[0], *SIZE, stranger))
        return await submit(txn)

    server.store.submit = just_before  # type: ignore[method-assign]
    assert (await deploy(server, joe, offering_id)).status == SUCCEEDED
    (vm,) = await server.all(VmRow)
    assert vm.host_id not in (None, *lost)
    usage = server.cloud.part(HostIndex).columns.usage
    assert usage(lost[0]).tenant == stranger, "it has learnt of it"
    assert usage(vm.host_id or 0).tenant == account.id
    await submit(TxnSpec("test.other").add(RELEASE, lost[0], *SIZE))
    await server.cloud.part(HostIndex).refresh_usage(lost[0])
    await server.world.check()


async def test_whose_hosts_are_is_known_after_a_restart(server: Server) -> None:
    account, joe = await parts.account_of(server)
    offering_id = await strict(server)
    assert (await deploy(server, joe, offering_id)).status == SUCCEEDED
    (first,) = await server.all(VmRow)
    await server.crash()
    assert server.cloud.part(HostIndex).columns.usage(first.host_id or 0).tenant == account.id
    for caller in (joe, joe, ROOT_ADMIN, ROOT_ADMIN):
        assert (await deploy(server, caller, offering_id if caller is joe else None)).status == SUCCEEDED
    for vm in await server.all(VmRow):
        assert (vm.host_id == first.host_id) == (vm.account_id == account.id)
    await server.world.check()


async def test_guests_of_accounts_are_known_after_a_restart(server: Server) -> None:
    _, joe = await parts.account_of(server)
    for caller in (joe, joe, joe, ROOT_ADMIN):
        assert (await deploy(server, caller)).status == SUCCEEDED
    before = server.cloud.part(HostIndex).columns.accounts
    await server.crash()
    after = server.cloud.part(HostIndex).columns.accounts
    assert after.hosts == {} != before.hosts
    counts = AccountGuests()
    await counts.run(server.cloud)
    assert (after.hosts, after.clusters, after.pods) == (before.hosts, before.clusters, before.pods)
    columns = server.cloud.part(HostIndex).columns
    columns.set_account_guests(joe.account_id, columns.host_id[0], 5)
    await counts.run(server.cloud)
    assert after.hosts != before.hosts, "it may be a job's that has not committed yet"
    await counts.run(server.cloud)
    assert after.hosts == before.hosts
    await server.world.check()


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[Server, Server]]:
    """Two control processes that hear nothing of each other, on PostgreSQL."""
    async with fresh_url("postgresql", tmp_path) as url:
        stores = [await open_store(url), await open_store(url)]
        one = await Server.start(stores[0], await fill(stores[0]))
        other = Server(stores[1])
        other.hosts, other.world, other.epoch = one.hosts, one.world, 50
        await other._boot()
        index = other.cloud.part(HostIndex)
        await index.load()
        for host_id in one.hosts.hosts:
            index.set_connected(host_id, True)
        yield one, other
        for server in (one, other):
            await server.stop()
            await server.store.close()


async def test_two_processes_at_once_never_break_it(two: tuple[Server, Server]) -> None:
    one, other = two
    offering_id = await strict(one)
    await other.cloud.snapshots.of(ServiceOfferingRow)
    tenants = [(await parts.account_of(one))[1] for _ in range(2)]
    asked = [
        deploy(server, caller, offering_id if caller in tenants else None)
        for _ in range(4)
        for caller in (*tenants, ROOT_ADMIN)
        for server in (one, other)
    ]
    jobs = await asyncio.gather(*asked)
    assert {job.status for job in jobs} <= {SUCCEEDED, FAILED}
    done = [job for job in jobs if job.status == SUCCEEDED]
    assert len(done) >= len(jobs) // 2, [job.result_json for job in jobs if job.status == FAILED]
    for job in jobs:
        assert (
            job.status == SUCCEEDED
            or "insufficient capacity" in (job.result_json or "").lower()
            or "fits" in (job.result_json or "")
        )
    await check_store(one.store)
    there = {row.host_id: row.tenant for row in await one.store.rows(CAPACITIES, -1)}
    for vm in await one.all(VmRow):
        if vm.host_id is not None:
            assert there[vm.host_id] == (vm.account_id if vm.service_offering_id == offering_id else SHARED)
