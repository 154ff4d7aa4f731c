"""The migrated schema is what the code declares, on both engines."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from tests.postgresql import cluster

from lakh.store import baseline
from lakh.store.ddl import create_statements
from lakh.store.opening import open_store
from lakh.store.revision import head
from lakh.store.schema import declared_tables, metadata
from lakh.store.search import create_search, search_table

Schema = dict[str, list[str]]

_ADVICE = "run `make migration` (before the first release), or write a revision that makes the change"


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_revision_0001_says_what_is_declared(dialect: str) -> None:
    if head() == "0001":
        assert baseline.path(dialect).read_text() == baseline.text(dialect), _ADVICE


def _sqlite_schema(connection: sqlite3.Connection) -> Schema:
    """Every table's columns, key and indexes as the engine knows them."""
    found: Schema = {}
    for name, text in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall():
        if name == "alembic_version":
            continue
        lines = [
            f"column {c[1]} {c[2]} notnull={c[3]} key={c[5]}" for c in connection.execute(f"PRAGMA table_info({name})")
        ]
        lines.append(f"rowid={'WITHOUT ROWID' not in text}")
        indexes = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (name,)
        )
        lines += [re.sub(r"\s+", " ", index) for (index,) in indexes.fetchall()]
        found[name] = sorted(lines)
    return found


async def _postgresql_schema(connection: asyncpg.Connection[asyncpg.Record]) -> Schema:
    found: Schema = {}
    columns = await connection.fetch(
        "SELECT table_name, column_name, data_type, is_nullable, collation_name, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
    )
    for table, *rest in columns:
        found.setdefault(table, []).append(f"column {rest}")
    indexes = await connection.fetch("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    for table, text in indexes:
        if table != "alembic_version":
            found[table].append(text)
    return {table: sorted(lines) for table, lines in found.items()}


async def test_sqlite_migrated_and_in_memory_are_as_declared(tmp_path: Path) -> None:
    tables = declared_tables()
    await (await open_store(tmp_path / "migrated.db")).close()
    migrated = _sqlite_schema(sqlite3.connect(tmp_path / "migrated.db"))
    declared = sqlite3.connect(":memory:")
    for text in create_statements(tables):
        declared.execute(text)

    assert migrated == _sqlite_schema(declared), _ADVICE
    searched = {search_table(table.name) for table in tables if table.search is not None}
    own = {name for name in migrated if not any(name.startswith(f"{search}_") for search in searched)}
    assert own == {table.name for table in tables} | searched


async def test_postgresql_migrated_is_as_declared() -> None:
    tables = declared_tables()
    migrated, declared = await cluster().fresh(), await cluster().fresh()
    try:
        await (await open_store(cluster().url(migrated))).close()
        connection = await asyncpg.connect(cluster().url(declared))
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        for table in metadata(tables).sorted_tables:
            for element in (CreateTable(table), *map(CreateIndex, table.indexes)):
                await connection.execute(str(element.compile(dialect=dialect)))
        for declared_table in tables:
            if declared_table.search is not None:
                for text in create_search(declared_table.name, declared_table.search, "postgresql"):
                    await connection.execute(text)
        wanted = await _postgresql_schema(connection)
        await connection.close()
        connection = await asyncpg.connect(cluster().url(migrated))
        found = await _postgresql_schema(connection)
        options = await connection.fetch("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL")
        packed = await connection.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'async_job'::regclass AND attcompression = 'l'"
        )
        await connection.close()
    finally:
        await cluster().drop(migrated)
        await cluster().drop(declared)

    assert found == wanted, _ADVICE
    roomy = {table.name: [f"fillfactor={table.fill_percent}"] for table in tables if table.fill_percent < 100}
    assert {name: said for name, said in options if name in found} == roomy
    assert {name for (name,) in packed} == {"state_json", "error_json", "result_json"}
    for table in tables:
        for column in table.columns:
            described = next(line for line in found[table.name] if line.startswith(f"column ['{column.name}', "))
            nullable, collation = "'YES'" if column.nullable else "'NO'", "'C'" if column.sql_type == "TEXT" else "None"
            assert described == f"column ['{column.name}', '{column.sql_type.lower()}', {nullable}, {collation}, None]"
