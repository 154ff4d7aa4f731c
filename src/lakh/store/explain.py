"""Does a statement read a whole big table? Asked of the engines' own planners, for every declared statement.

A *full scan* is a read whose cost grows with the table: the table from end to end, or an index from end to end unless
a LIMIT ends the walk early. Walking an index in order while a condition throws rows away counts too, because a rare
value makes it a full scan (a keyword that nothing matches took PostgreSQL two seconds that way).

SQLite is asked on an empty schema: the store never runs ANALYZE, because statistics taken of a young table mislead once
it has grown, and without them the planner always takes the declared indexes. So its answer holds at every size.
PostgreSQL keeps statistics by itself, so it is asked about tables that are filled with SEED_ROWS made-up rows,
analysed, and then made GROWTH times as large in its eyes: it judges size by the length of the files, and files may have
holes.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import asyncpg

from lakh.store.sqlite_engine import prepared
from lakh.store.statement import Statement
from lakh.store.table import TABLES, Column, Table

SEED_ROWS: Final = 8000
GROWTH: Final = 125  # to a million rows

_SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
_LIMIT = re.compile(r"\bLIMIT\b", re.IGNORECASE)
_ARGUMENTS: Final[dict[str, Any]] = {
    "bool": True,
    "float8": 20.0,
    "text": "x20",
    "text[]": ["x20", "x21"],
    "int8[]": [20, 21],
}


def big_tables(statement: Statement) -> set[str]:
    """The big tables that the statement names."""
    return {word for word in re.findall(r"\w+", statement.text.lower()) if word in TABLES and TABLES[word].big}


def plan(connection: sqlite3.Connection, statement: Statement) -> list[str]:
    """SQLite's plan, line by line; `connection` has the schema. Raises sqlite3.Error for SQL that it does not take."""
    form = prepared(statement)
    marks = max((int(number) for number in re.findall(r"\?(\d+)", form.text)), default=0)
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {form.text}", (None,) * marks)]


def sqlite_scans(connection: sqlite3.Connection, statement: Statement) -> list[str]:
    """The full scans of big tables in SQLite's plan; `connection` has the schema."""
    lines = plan(connection, statement)
    sorts = any("USE TEMP B-TREE FOR ORDER BY" in line for line in lines)
    walks_a_page = _LIMIT.search(statement.text) is not None and not sorts
    found: list[str] = []
    for line in lines:
        scan = _SCAN.match(line)
        if scan and scan[1] in big_tables(statement) and not walks_a_page:
            found.append(line)
    return found


async def postgresql_scans(connection: asyncpg.Connection[asyncpg.Record], statement: Statement) -> list[str]:
    """The full scans of big tables in PostgreSQL's plan; `connection` leads to seeded and analysed tables."""
    kinds = (await connection.prepare(statement.text)).get_parameters()
    arguments = [_ARGUMENTS.get(kind.name, 20) for kind in kinds]
    found = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement.text}", *arguments))
    return list(_plan_scans(found[0]["Plan"], big_tables(statement), limited=False))


def _plan_scans(node: dict[str, Any], big: set[str], limited: bool) -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name")
    if table in big:
        if kind == "Seq Scan":
            yield f"{kind} on {table}"
        elif kind.startswith("Index") and "Index Cond" not in node and ("Filter" in node or not limited):
            yield f"{kind} of all {node['Index Name']}" + (f" for {node['Filter']}" if "Filter" in node else "")
    below = limited or kind == "Limit"
    if kind in ("Sort", "Aggregate", "Hash", "ModifyTable"):
        below = False  # these take all that comes before they give anything
    for child in node.get("Plans", ()):
        yield from _plan_scans(child, big, below)


async def pretend_grown(
    connection: asyncpg.Connection[asyncpg.Record], data_folder: Path, tables: Iterable[Table]
) -> None:
    """Makes seeded tables and their indexes look GROWTH times as large to the planner. The cluster is good for EXPLAIN
    only afterwards. Needs a superuser and access to the cluster's files."""
    names = [table.name for table in tables]
    await connection.execute("ANALYZE")
    await connection.execute("CHECKPOINT")
    relations = await connection.fetch(
        "SELECT c.oid, pg_relation_filepath(c.oid) FROM pg_class c"
        " WHERE c.relname = ANY($1) OR c.oid IN"
        " (SELECT indexrelid FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = ANY($1))",
        names,
    )
    for _, path in relations:
        file = data_folder / path
        os.truncate(file, file.stat().st_size * GROWTH)
    await connection.execute(
        "UPDATE pg_class SET reltuples = reltuples * $2, relpages = relpages * $2 WHERE oid = ANY($1)",
        [oid for oid, _ in relations],
        GROWTH,
    )


def seed(table: Table, rows: int = SEED_ROWS) -> str:
    """The PostgreSQL statement that fills a table with made-up rows which its planner takes for a grown one's."""
    unique = {index.columns[-1].split()[0] for index in table.indexes if index.unique} | set(table.primary_key[-1:])
    columns = ", ".join(_seed_value(table, column, column.name in unique) for column in table.columns)
    return f"INSERT INTO {table.name} ({table.column_list}) SELECT {columns} FROM generate_series(1, {rows}) AS i"


def _seed_value(table: Table, column: Column, unique: bool) -> str:
    name = column.name
    if unique:
        return "i" if column.sql_type == "BIGINT" else f"'x' || i || '{name}'"
    if name == "removed_ms":
        return "CASE WHEN i % 20 = 0 THEN 1700000000000 + i END"
    if column.sql_type == "BOOLEAN":
        return "i % 20 = 0"
    if column.sql_type == "DOUBLE PRECISION":
        return "(i % 1000) * 1.0"
    if column.sql_type == "BIGINT":
        return "1700000000000 + i" if name.endswith("_ms") else "(i * 7919) % 1000"
    if name in ("state", "type", "status", "level"):
        return f"CASE WHEN i % 20 = 0 THEN 'x' || i % 7 ELSE '{_usual(table.indexes, name)}' END"
    return f"'x' || i % 5000 || '{name}'"


def _usual(indexes: Iterable[Any], column: str) -> str:
    """The value that most rows have: the one that a partial index is made for."""
    for index in indexes:
        if found := re.search(rf"\b{column} = '(\w+)'", index.where):
            return str(found[1])
    return "Usual"
