"""The declared tables as SQLAlchemy metadata. For migrations only: nothing that serves requests imports this.

Texts get the C collation on PostgreSQL: they order and compare by bytes as on SQLite, a LIKE with a fixed beginning can
use any index, and no upgrade of the system's language data can make an index wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from lakh.store.ddl import has_rowid
from lakh.store.table import TABLES, Column, Table

DECLARING_PACKAGES = ("lakh.store", "lakh.jobs", "lakh.resources")

BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "BIGINT": BigInt,
    "TEXT": Text,
    "BOOLEAN": sa.Boolean(),
    "DOUBLE PRECISION": sa.Double(),
}


def declared_tables() -> list[Table]:
    """Every table of the product, by name: imports all modules that may declare one."""
    for package in DECLARING_PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if ".migrations." not in module.name:
                importlib.import_module(module.name)
    return sorted((t for t in TABLES.values() if t.row.__module__.startswith("lakh.")), key=lambda t: t.name)


def metadata(tables: Iterable[Table]) -> sa.MetaData:
    """The tables as SQLAlchemy knows them."""
    found = sa.MetaData()
    for table in tables:
        made = sa.Table(
            table.name,
            found,
            *(_column(table, column) for column in table.columns),
            sqlite_with_rowid=has_rowid(table),
        )
        for index in table.indexes:
            where = sa.text(index.where) if index.where else None
            columns = [_index_column(made, text) for text in index.columns]
            sa.Index(index.name, *columns, unique=index.unique, sqlite_where=where, postgresql_where=where)
    return found


def _column(table: Table, column: Column) -> sa.Column[object]:
    primary = column.name in table.primary_key
    return sa.Column(
        column.name, _TYPES[column.sql_type], nullable=column.nullable, primary_key=primary, autoincrement=False
    )


def _index_column(table: sa.Table, text: str) -> sa.ColumnElement[object]:
    name, _, direction = text.partition(" ")
    return table.c[name].desc() if direction.strip().upper() == "DESC" else table.c[name]
