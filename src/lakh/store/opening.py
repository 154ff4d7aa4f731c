"""From a URL to an open store: `sqlite:///path`, `sqlite://` (in memory), `postgresql://…`, or a plain path."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakh.base.errors import LakhError
from lakh.store import revision
from lakh.store.inline import InlineStore
from lakh.store.lock import FolderLock
from lakh.store.sqlite import SqliteStore, connect
from lakh.store.sqlite_engine import translated
from lakh.store.store import Store, StoreUnavailableError

if TYPE_CHECKING:
    import asyncpg


class StoreUrlError(LakhError):
    """The store's URL names no engine that is known."""


async def open_store(url: str | Path) -> Store:
    """Opens the store that `url` names and brings its schema up to date.

    Raises StoreUrlError for a URL that means nothing, StoreUnavailableError where the engine cannot be reached, another
    server holds the data folder, or a newer version wrote the store. A store in memory has the tables declared so far.
    """
    text = str(url)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return await _open_file(Path(text))
    if scheme == "sqlite":
        if rest in ("", "/:memory:"):
            return InlineStore.fresh()
        return await _open_file(Path(rest.removeprefix("/") if rest.startswith("//") else rest))
    if scheme in ("postgresql", "postgres"):
        return await _open_postgresql(text)
    raise StoreUrlError(f"{scheme}://: a store is sqlite:///path, sqlite:// (in memory) or postgresql://user@host/name")


async def _open_file(path: Path) -> Store:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(path)
    except OSError as error:
        raise StoreUnavailableError(f"the data folder cannot be used: {error}") from error
    try:
        await asyncio.to_thread(_prepare_file, path)
        return SqliteStore(path, release=lock.release)
    except BaseException as error:
        lock.release()
        if isinstance(error, sqlite3.Error):
            raise translated("open", str(path), error) from error
        raise


def _prepare_file(path: Path) -> None:
    path.touch(mode=0o600)  # it holds API keys and passwords; its log and index take after it
    connection = connect(path, writing=True)
    try:
        tables = {name for (name,) in connection.execute(revision.SQLITE_TABLES)}
        found = connection.execute(revision.CURRENT).fetchone() if "alembic_version" in tables else None
        if not revision.is_current(found[0] if found else None):
            from lakh.store.migrate import migrate_sqlite

            migrate_sqlite(connection)
            tables = {name for (name,) in connection.execute(revision.SQLITE_TABLES)}
        revision.check_tables(tables)
    finally:
        connection.close()


async def _open_postgresql(url: str) -> Store:
    from lakh.store.postgresql import PostgresqlStore
    from lakh.store.postgresql_connection import connect as connect_postgresql

    connection = await connect_postgresql(url)
    try:
        await connection.prepared_by(_prepare_database)
    finally:
        await connection.close()
    return PostgresqlStore(url)


async def _prepare_database(connection: asyncpg.Connection[Any]) -> None:
    tables = {name for (name,) in await connection.fetch(revision.POSTGRESQL_TABLES)}
    found = await connection.fetchval(revision.CURRENT) if "alembic_version" in tables else None
    if not revision.is_current(found):
        from lakh.store.migrate import migrate_postgresql

        await migrate_postgresql(connection, found)
        tables = {name for (name,) in await connection.fetch(revision.POSTGRESQL_TABLES)}
    revision.check_tables(tables)
