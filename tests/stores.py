"""Empty stores for tests, each a copy of a template that is made once per test process and engine.

    @pytest.fixture(params=ENGINES)
    async def store(request, tmp_path):
        async with fresh_store(request.param, tmp_path) as opened:
            yield opened

A template has the migrated schema, and the tables that the tests themselves have declared by then.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from tests.postgresql import cluster

from lakh.store.ddl import create_statements
from lakh.store.opening import open_store
from lakh.store.schema import metadata
from lakh.store.store import Store
from lakh.store.table import TABLES, Table

ENGINES = ("inline", "sqlite", "postgresql")

_templates: dict[tuple[str, frozenset[str]], str] = {}
_folder = tempfile.TemporaryDirectory(prefix="lakh-stores-")


@asynccontextmanager
async def fresh_store(engine: str, folder: Path) -> AsyncIterator[Store]:
    """An empty store of one engine, open."""
    async with fresh_url(engine, folder) as url:
        store = await open_store(url)
        try:
            yield store
        finally:
            await store.close()


@asynccontextmanager
async def fresh_url(engine: str, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty store of one engine. In memory every opening is another store."""
    if engine == "inline":
        yield "sqlite://"
    elif engine == "sqlite":
        path = folder / "lakh.db"
        shutil.copyfile(await _template("sqlite"), path)
        yield f"sqlite:///{path}"
    else:
        database = await cluster().fresh(await _template("postgresql"))
        yield cluster().url(database)
        await cluster().drop(database)


def _own_tables() -> list[Table]:
    return [table for table in TABLES.values() if not table.row.__module__.startswith("lakh.")]


async def _template(engine: str) -> str:
    tables = _own_tables()
    key = (engine, frozenset(table.name for table in tables))
    if key not in _templates:
        make = _sqlite_template if engine == "sqlite" else _postgresql_template
        _templates[key] = await make(tables)
    return _templates[key]


async def _sqlite_template(tables: list[Table]) -> str:
    path = f"{_folder.name}/{len(_templates)}.db"
    await (await open_store(path)).close()
    connection = sqlite3.connect(path)
    for text in create_statements(tables):
        connection.execute(text)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


async def _postgresql_template(tables: list[Table]) -> str:
    database = await cluster().fresh()
    await (await open_store(cluster().url(database))).close()
    connection = await asyncpg.connect(cluster().url(database))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata(tables).sorted_tables:
        for element in (CreateTable(table), *map(CreateIndex, table.indexes)):
            await connection.execute(str(element.compile(dialect=dialect)))
    await connection.close()
    return database
