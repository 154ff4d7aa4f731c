"""Which revision a store's schema has, and whether this program can work with it. Imports nothing heavy: a server whose
store is current starts without Alembic."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lakh.store.store import StoreUnavailableError
from lakh.store.table import TABLES

_VERSIONS = Path(__file__).parent / "migrations" / "versions"

SQLITE_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
POSTGRESQL_TABLES = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
CURRENT = "SELECT version_num FROM alembic_version"


def head() -> str:
    """The last revision that this program knows: revisions are files called `0001_what.py`, `0002_what.py`, …"""
    return max(file.name[:4] for file in _VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))


def is_current(found: str | None) -> bool:
    """Whether a store at revision `found` (None: empty) needs no migration. Raises StoreUnavailableError for a store
    that a newer program made."""
    if found is not None and found > head():
        raise StoreUnavailableError(
            f"the store has schema {found}, this program knows {head()}: run the version that wrote it, or a newer one"
        )
    return found == head()


def check_tables(found: Iterable[str]) -> None:
    """Raises StoreUnavailableError where a declared table is missing: the store is of an unreleased version."""
    declared = {name for name, known in TABLES.items() if known.row.__module__.startswith("lakh.")}
    if missing := sorted(declared.difference(found)):
        raise StoreUnavailableError(
            f"the store has no {', '.join(missing)}, though its schema is {head()}: an unreleased version made it. "
            "Start with an empty data folder or database (and run `make migration` if you just declared the table)"
        )
