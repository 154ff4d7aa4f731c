"""A network is deleted while an Instance comes into it, on PostgreSQL, where the two transactions really overlap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
from tests.flows.scenarios import parts
from tests.flows.server import Server, fill
from tests.stores import fresh_url

from lakh.jobs.row import FAILED
from lakh.resources.network.delete import DeleteNetwork
from lakh.resources.network.row import HOLD, JOIN, REMOVE, NetworkRow
from lakh.resources.nic.row import INSERT, OF_VM
from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec, values
from lakh.store.store import GuardFailedError


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with fresh_url("postgresql", tmp_path) as made:
        yield made


@pytest.fixture
async def server(url: str) -> AsyncIterator[Server]:
    store = await open_store(url)
    made = await Server.start(store, await fill(store))
    yield made
    await made.stop()
    await store.close()


@pytest.fixture
async def other(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Another server's session."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def until_it_waits(other: asyncpg.Connection[asyncpg.Record]) -> None:
    """For a lock that the other session holds."""
    async with asyncio.timeout(60):
        while not await other.fetchval("SELECT COUNT(*) FROM pg_locks WHERE NOT granted"):
            pass


async def come_in(server: Server, other: asyncpg.Connection[asyncpg.Record], network: NetworkRow) -> None:
    """What an Instance that is not started stores, as far as this matters."""
    vm = await parts.deployed(server)
    (nic,) = await server.store.rows(OF_VM, vm.id)
    added = msgspec.structs.replace(nic, id=nic.id + 500, uuid="nic", network_id=network.id, device_id=1, ip=None)
    await other.execute("BEGIN")
    await other.execute(JOIN.text, network.id)
    await other.execute(INSERT.text, *values(added))


async def test_a_deletion_sees_who_was_about_to_come(server: Server, other: asyncpg.Connection[asyncpg.Record]) -> None:
    network = await parts.shared_network(server)
    await come_in(server, other, network)
    end = TxnSpec("removal").add(HOLD, network.id).add(REMOVE, network.id, 1)
    removing = asyncio.create_task(server.store.submit(end))
    await until_it_waits(other)
    await other.execute("COMMIT")
    with pytest.raises(GuardFailedError):
        await removing
    assert (await server.row(NetworkRow, network.id)).removed_ms is None


async def test_a_deletion_that_begins_meanwhile_is_refused_in_words(
    server: Server, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    network = await parts.shared_network(server)
    await come_in(server, other, network)
    job = await server.admit(DeleteNetwork(id=network.id))
    await until_it_waits(other)
    await other.execute("COMMIT")
    ended = await server.ended(job.uuid)
    assert ended.status == FAILED
    assert "not all user vms are expunged" in (ended.result_json or "")
    assert (await server.row(NetworkRow, network.id)).removed_ms is None


async def test_nobody_comes_into_what_is_about_to_go(server: Server, other: asyncpg.Connection[asyncpg.Record]) -> None:
    network = await parts.shared_network(server)
    await other.execute("BEGIN")
    await other.execute(HOLD.text, network.id)
    await other.execute(REMOVE.text, network.id, 1)
    coming = asyncio.create_task(server.store.submit(TxnSpec("coming").add(JOIN, network.id)))
    await until_it_waits(other)
    await other.execute("COMMIT")
    with pytest.raises(GuardFailedError):
        await coming
