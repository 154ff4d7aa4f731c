"""Brings a store's schema up to date with Alembic: one history, two ways to run it.

SQLite: on a connection, all revisions in one transaction. PostgreSQL: Alembic writes the script, our own driver runs it
statement by statement; the script opens and ends its transactions itself, so that a revision may build an index
concurrently. Several servers that start at once take turns by an advisory lock; where that is a no-op (distributed
SQL), the loser's script fails as a whole and it finds the work done.
"""

from __future__ import annotations

import io
import sqlite3
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from lakh.base.log import logger
from lakh.store.revision import CURRENT, head

_LOCK: Final = 0x1A4B  # any number, the same in every version
_MIGRATION_SECONDS: Final = 86400.0  # of one statement: an index of a large table takes its time

_log = logger("store.migrate")


def migrate_sqlite(connection: sqlite3.Connection) -> None:
    """Runs the missing revisions on an open connection in autocommit mode; all of them or none."""
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=sa.pool.StaticPool)
    with engine.connect() as open_connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            config = _config()
            config.attributes["connection"] = open_connection
            command.upgrade(config, "head")
            if connection.in_transaction:
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    _log.info("schema migrated", revision=head())


async def migrate_postgresql(connection: asyncpg.Connection[Any], found: str | None) -> None:
    """Runs the revisions after `found` (None: all)."""
    await connection.execute(f"SELECT pg_advisory_lock({_LOCK})", timeout=_MIGRATION_SECONDS)
    try:
        if await current_postgresql(connection) != found:
            return  # another server was first
        for statement in _script(found):
            await connection.execute(statement, timeout=_MIGRATION_SECONDS)
    except asyncpg.PostgresError:
        await connection.execute("ROLLBACK")
        if await current_postgresql(connection) != head():
            raise
    finally:
        await connection.execute(f"SELECT pg_advisory_unlock({_LOCK})")
    _log.info("schema migrated", revision=head())


async def current_postgresql(connection: asyncpg.Connection[Any]) -> str | None:
    """The database's revision; None for an empty one."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    found: str | None = await connection.fetchval(CURRENT)
    return found


def _script(found: str | None) -> list[str]:
    written = io.StringIO()
    config = _config(output=written)
    command.upgrade(config, f"{found or 'base'}:head", sql=True)
    return [statement for statement in written.getvalue().split(";\n\n") if statement.strip()]


def _config(output: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=output) if output is not None else Config()
    config.set_main_option("script_location", "lakh.store:migrations")
    return config
