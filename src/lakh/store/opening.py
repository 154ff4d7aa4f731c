"""From a URL to an open store: `sqlite:///path`, `sqlite://` (in memory), `postgresql://…`, or a plain path."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lakh.base.errors import LakhError
from lakh.store.ddl import create_statements
from lakh.store.inline import InlineStore
from lakh.store.lock import FolderLock
from lakh.store.sqlite import SqliteStore, connect
from lakh.store.sqlite_engine import translated
from lakh.store.store import Store
from lakh.store.table import TABLES


class StoreUrlError(LakhError):
    """The store's URL names no engine that is known."""


async def open_store(url: str | Path) -> Store:
    """Opens the store that `url` names and brings its schema up to date.

    Raises StoreUrlError for a URL that means nothing, StoreUnavailableError where the engine cannot be reached or
    another server holds the data folder. Modules that declare tables must be imported before.
    """
    text = str(url)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return _open_file(Path(text))
    if scheme == "sqlite":
        return _open_file(Path(rest[1:] if rest.startswith("//") else rest)) if rest else InlineStore.fresh()
    raise StoreUrlError(f"{scheme}://: a store is sqlite:///path, sqlite:// (memory) or postgresql://…")


def _open_file(path: Path) -> Store:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(path)
    try:
        connection = connect(path, writing=True)
        known = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for statement in create_statements([t for t in TABLES.values() if t.name not in known]):
            connection.execute(statement)
        connection.close()
        return SqliteStore(path, release=lock.release)
    except BaseException as error:
        lock.release()
        if isinstance(error, sqlite3.Error):
            raise translated("open", str(path), error) from error
        raise
