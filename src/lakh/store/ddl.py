"""SQLite's CREATE statements straight from the declarations, for stores in memory.

A store in memory has no past, so it needs no migrations, and making it must cost milliseconds (SQLAlchemy's import
alone costs more). A test holds that this text, the migrations and the declarations say the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakh.store.search import create_search
from lakh.store.table import Table

_SQLITE_TYPES = {"BIGINT": "INTEGER", "TEXT": "TEXT", "BOOLEAN": "BOOLEAN", "DOUBLE PRECISION": "DOUBLE"}


def create_statements(tables: Iterable[Table]) -> list[str]:
    """CREATE TABLE and CREATE INDEX of each table, and what its search needs, in the order given."""
    made: list[str] = []
    for table in tables:
        lines = [
            f"{column.name} {_SQLITE_TYPES[column.sql_type]}{'' if column.nullable else ' NOT NULL'}"
            for column in table.columns
        ]
        lines.append(f"PRIMARY KEY ({', '.join(table.primary_key)})")
        made.append(f"CREATE TABLE {table.name} ({', '.join(lines)}){'' if has_rowid(table) else ' WITHOUT ROWID'}")
        for index in table.indexes:
            unique = "UNIQUE " if index.unique else ""
            where = f" WHERE {index.where}" if index.where else ""
            made.append(f"CREATE {unique}INDEX {index.name} ON {table.name} ({', '.join(index.columns)}){where}")
        if table.search is not None:
            made += create_search(table.name, table.search, "sqlite")
    return made


def has_rowid(table: Table) -> bool:
    """True where the key is one integer column, which SQLite then uses as the row's place in the file."""
    types = {column.name: column.sql_type for column in table.columns}
    return len(table.primary_key) == 1 and types[table.primary_key[0]] == "BIGINT"
