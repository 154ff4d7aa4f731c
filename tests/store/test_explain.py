"""No declared statement reads a whole big table, on either engine; and the check that says so can tell."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import asyncpg
import pytest
from tests.postgresql import OwnCluster, binaries, own_cluster

from lakh.resources.listing import LISTINGS
from lakh.store.ddl import create_statements
from lakh.store.explain import big_tables, plan, postgresql_scans, pretend_grown, seed, sqlite_scans
from lakh.store.opening import open_store
from lakh.store.schema import declared_tables
from lakh.store.statement import STATEMENTS, Statement

_ADVICE = "give it an index, a LIMIT over an ordered index, or say in `full_scan=` why it may"


def checked_statements(dialect: str) -> list[Statement]:
    """The product's statements on big tables that do not say that they scan."""
    return [s for s in _product(dialect) if big_tables(s) and not s.full_scan]


def _undeclared(text: str) -> Statement:
    return Statement("probe", text, "")


SCANS = (
    "SELECT id FROM vm WHERE display_name = $1",
    "SELECT id FROM vm WHERE removed_ms IS NULL ORDER BY display_name LIMIT 20",
    "SELECT COUNT(*) FROM vm WHERE removed_ms IS NULL",
    "UPDATE volume SET name = $2 WHERE name = $1",
    "SELECT vm.id FROM vm JOIN volume ON volume.vm_id = vm.id WHERE volume.name = $1",
)
WALKS = "SELECT id FROM vm WHERE display_name = $1 AND removed_ms IS NULL ORDER BY id LIMIT 20"
GOOD = (
    "SELECT id FROM vm WHERE uuid = $1",
    "SELECT id FROM vm WHERE removed_ms IS NULL AND account_id = $1 ORDER BY id LIMIT 20",
    "SELECT id FROM vm WHERE removed_ms IS NULL AND type = 'User' ORDER BY id LIMIT $1",
    "SELECT vm.id FROM volume v JOIN vm ON vm.id = v.vm_id WHERE v.vm_id = ANY($1) AND v.removed_ms IS NULL",
    "UPDATE vm SET state = $2 WHERE id = $1 AND state = $3",
)


@pytest.fixture(scope="module")
def sqlite_schema() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    for text in create_statements(declared_tables()):
        connection.execute(text)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def grown_cluster() -> Iterator[OwnCluster]:
    with ExitStack() as stack:
        try:
            binaries()
        except RuntimeError as error:
            pytest.skip(str(error))
        yield stack.enter_context(own_cluster())


@pytest.fixture
async def grown(grown_cluster: OwnCluster) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection to tables that PostgreSQL takes for a million rows each."""
    big = [table for table in declared_tables() if table.big]
    database = await grown_cluster.fresh()
    await (await open_store(grown_cluster.url(database))).close()
    connection = await asyncpg.connect(grown_cluster.url(database))
    for table in big:
        await connection.execute(seed(table))
    await pretend_grown(connection, grown_cluster.data, big)
    yield connection
    await connection.close()


def _product(dialect: str) -> list[Statement]:
    """Every statement for an engine that any module of the product declares."""
    for package in ("lakh.catalogue", "lakh.healing", "lakh.http", "lakh.jobs", "lakh.resources", "lakh.server"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for listing in LISTINGS:
        listing.declare()
    ours = [s for name, s in sorted(STATEMENTS.items()) if not name.startswith("test")]
    return [s for s in ours if s.dialect in ("", dialect)]


def test_sqlite_understands_every_statement(sqlite_schema: sqlite3.Connection) -> None:
    refused = {}
    for each in _product("sqlite"):
        try:
            plan(sqlite_schema, each)
        except sqlite3.Error as error:
            refused[each.name] = str(error)

    assert refused == {}


async def test_postgresql_understands_every_statement(grown: asyncpg.Connection[asyncpg.Record]) -> None:
    refused = {}
    for each in _product("postgresql"):
        try:
            await grown.prepare(each.text)
        except asyncpg.PostgresError as error:
            refused[each.name] = str(error)

    assert refused == {}


def test_no_statement_scans_a_big_table_on_sqlite(sqlite_schema: sqlite3.Connection) -> None:
    found = {s.name: scans for s in checked_statements("sqlite") if (scans := sqlite_scans(sqlite_schema, s))}

    assert found == {}, _ADVICE


async def test_no_statement_scans_a_big_table_on_postgresql(grown: asyncpg.Connection[asyncpg.Record]) -> None:
    assert await grown.fetchval("SELECT reltuples FROM pg_class WHERE relname = 'vm'") == 1_000_000
    found = {s.name: scans for s in checked_statements("postgresql") if (scans := await postgresql_scans(grown, s))}

    assert found == {}, _ADVICE
    for text in SCANS:
        assert await postgresql_scans(grown, _undeclared(text)) != [], text
    assert await postgresql_scans(grown, _undeclared(WALKS)) != []
    for text in GOOD:
        assert await postgresql_scans(grown, _undeclared(text)) == [], text


@pytest.mark.parametrize("text", SCANS)
def test_a_scan_is_seen_on_sqlite(sqlite_schema: sqlite3.Connection, text: str) -> None:
    assert sqlite_scans(sqlite_schema, _undeclared(text)) != []


@pytest.mark.parametrize("text", GOOD)
def test_a_search_passes_on_sqlite(sqlite_schema: sqlite3.Connection, text: str) -> None:
    assert sqlite_scans(sqlite_schema, _undeclared(text)) == []
