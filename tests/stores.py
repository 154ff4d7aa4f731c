"""Empty stores for tests, each a copy of a template that is made once per test process and engine.

    @pytest.fixture(params=ENGINES)
    async def store(request, tmp_path):
        async with fresh_store(request.param, tmp_path) as opened:
            yield opened

A template has the migrated schema, and the tables that the tests themselves have declared by then.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from tests.postgresql import Cluster, cluster

from lakh.store.ddl import create_statements
from lakh.store.inline import InlineStore
from lakh.store.opening import open_store
from lakh.store.schema import metadata
from lakh.store.store import Store
from lakh.store.table import TABLES, Table

ENGINES = ("inline", "sqlite", "postgresql")
ENGINE = os.environ.get("LAKH_TEST_STORE", "inline")
"""The engine of tests that would run alike on any: in memory, unless a run asks for another."""

T = TypeVar("T")

_filled: dict[tuple[str, Callable[..., Any]], tuple[Any, Any]] = {}
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
async def any_store(engine: str = ENGINE) -> AsyncIterator[Store]:
    """An empty store of the engine that this run is for."""
    with tempfile.TemporaryDirectory(prefix="lakh-store-") as folder:
        async with fresh_store(engine, Path(folder)) as store:
            yield store


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


@asynccontextmanager
async def filled_store(
    fill: Callable[[Store], Awaitable[T]], engine: str = ENGINE, folder: Path | None = None
) -> AsyncIterator[tuple[Store, T]]:
    """A store with the content that `fill` once wrote into an empty one, and what `fill` returned then. `folder` is
    where a SQLite file goes."""
    key = (engine, fill)
    if key not in _filled:
        _filled[key] = await _fill(engine, fill)
    source, made = _filled[key]
    async with _copy(engine, source, folder) as store:
        try:
            yield store, made
        finally:
            await store.close()


async def _fill(engine: str, fill: Callable[[Store], Awaitable[T]]) -> tuple[Any, T]:
    """(what to copy, what fill returned)."""
    if engine == "inline":
        source: Any = InlineStore.fresh()
        return source, await fill(source)
    if engine == "sqlite":
        source = f"{_folder.name}/filled{len(_filled)}.db"
        url = f"sqlite:///{source}"
    else:
        source = await cluster().fresh(await _template("postgresql"))
        url = cluster().url(source)
    store = await open_store(url)
    made = await fill(store)
    await store.close()
    return source, made


@asynccontextmanager
async def _copy(engine: str, source: Any, folder: Path | None) -> AsyncIterator[Store]:
    if engine == "inline":
        yield source.copy()
    elif engine == "sqlite":
        assert folder is not None, "a SQLite store needs a folder"
        path = folder / "lakh.db"
        shutil.copyfile(source, path)
        yield await open_store(f"sqlite:///{path}")
    else:
        database = await cluster().fresh(source)
        try:
            yield await open_store(cluster().url(database))
        finally:
            await cluster().drop(database)


def _own_tables() -> list[Table]:
    return [table for table in TABLES.values() if not table.row.__module__.startswith("lakh.")]


async def _template(engine: str) -> str:
    tables = _own_tables()
    key = (engine, frozenset(table.name for table in tables))
    if key not in _templates:
        _templates[key] = await (_sqlite_template(tables) if engine == "sqlite" else empty_database(cluster()))
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


async def empty_database(where: Cluster) -> str:
    """The name of a new database with the migrated schema and the tests' own tables."""
    database = await where.fresh()
    await (await open_store(where.url(database))).close()
    connection = await asyncpg.connect(where.url(database))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata(_own_tables()).sorted_tables:
        for element in (CreateTable(table), *map(CreateIndex, table.indexes)):
            await connection.execute(str(element.compile(dialect=dialect)))
    await connection.close()
    return database
