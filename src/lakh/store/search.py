r"""Finding rows by a part of their texts: an index over the trigrams of a table's texts, kept by the engine itself.

    @table("vm", …, search=Search("name", "display_name", "instance_name", only="type = 'User'"))

No verb keeps it, so none can forget it: triggers do, in the row's own transaction and without a statement of ours.
Beside the index stand the texts themselves, narrow, in lower case and together, so that what has no trigrams (a keyword
of one or two characters, or one with wildcards) is found by a pass over these alone. Rows that are removed leave it.

*PostgreSQL*: a table of lower-case texts with a GIN index of pg_trgm over them, where that extension can be had;
without it the pass over the texts serves all. New rows come in crowds: a trigger for all that a statement stored. The
look is a materialized part of its own: the planner otherwise walks the list's order for a word that no row has.

*SQLite*: an FTS5 table, by trigrams, that ignores case. FTS5 writes a piece of its index for every statement and merges
pieces later; row by row that cost 2 ms for an instance, in batches 20 us. So triggers only put the texts into a narrow
queue, what is searched is the index and the queue (which knows better of its rows), and a reconciler moves the queue
into the index, a thousand rows at a time. What is found is exact at every moment.

*Passes* over a large table use more than one core: SQLite makes them in PARTS of the ids at once, in threads of their
own; PostgreSQL has parallel workers.

What is found comes as one value, since a row of the driver for each of 60,000 hits costs more than finding them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lakh.store.statement import Statement, statement
from lakh.store.store import Store
from lakh.store.table import Search

QUOTE: Final = '"'
TRIGRAM: Final = 3
"""Characters below which there is nothing to look up in an index."""
_WILD = re.compile(r"[%_\\]")
LIVE: Final = "removed_ms IS NULL"
PARTS: Final = 2
"""Of a pass: more would leave the machine to nobody else."""
APART: Final = 50_000
"""Between the first and the last id; below, one part is soon done."""


class Pass(NamedTuple):
    """A pass over a table's texts for the pattern $1. `first_and_last` are the ends of its ids, where `found` looks
    from $2 to $3 only: on SQLite."""

    first_and_last: Statement | None
    found: Statement


class Finders(NamedTuple):
    """The statements of one search, by how they look; `queued` looks into SQLite's queue."""

    by_index: Statement
    by_texts: Pass
    queued: Statement | None


class Moving(NamedTuple):
    """The statements that move rows from SQLite's queue into the index; their argument is how many at most."""

    waiting: Statement
    forget: Statement
    fill: Statement
    done: Statement


def search_table(table: str) -> str:
    """What the index of a table is called."""
    return f"{table}_search"


# --- what makes it ---------------------------------------------------------------------------------------------------
def create_search(table: str, search: Search, dialect: str) -> list[str]:
    """The statements that make the index and keep it, each on one line."""
    return _sqlite(table, search) if dialect == "sqlite" else _postgresql(table, search)


def _condition(search: Search, row: str) -> str:
    """What a row must be to be found; `row` is the trigger's name of it."""
    only = re.sub(r"(?<!')\b([a-z_]+)\b(?= (?:=|IS|<>))", rf"{row}.\1", search.only)
    return f"{row}.{LIVE}" + (f" AND {only}" if only else "")


def _sqlite(table: str, search: Search) -> list[str]:
    name, columns = search_table(table), ", ".join(search.columns)
    texts = ", ".join(f"{column} TEXT" for column in search.columns)
    values = ", ".join(f"LOWER(new.{column})" for column in search.columns)
    nothing = ", ".join("NULL" for _ in search.columns)
    put = f"INSERT OR REPLACE INTO {name}_new (id, {columns}, gone) VALUES (new.id"
    live = _condition(search, "new")
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, tokenize = 'trigram', columnsize = 0)",
        f"CREATE TABLE {name}_new (id INTEGER NOT NULL PRIMARY KEY, {texts}, gone BOOLEAN NOT NULL)",
        f"CREATE TRIGGER {name}_added AFTER INSERT ON {table} WHEN {live} BEGIN {put}, {values}, 0); END",
        f"CREATE TRIGGER {name}_changed AFTER UPDATE OF {columns} ON {table} WHEN {live}"
        f" BEGIN {put}, {values}, 0); END",
        f"CREATE TRIGGER {name}_removed AFTER UPDATE OF removed_ms ON {table} WHEN new.removed_ms IS NOT NULL"
        f" BEGIN {put}, {nothing}, 1); END",
    ]


def _postgresql(table: str, search: Search) -> list[str]:
    name = search_table(table)
    columns = ", ".join(f'{column} TEXT COLLATE "C"' for column in search.columns)

    def values(row: str) -> str:
        return ", ".join(f"LOWER({row}.{column})" for column in search.columns)

    trigrams = ", ".join(f"{column} gin_trgm_ops" for column in search.columns)
    return [
        f"CREATE TABLE {name} (id BIGINT NOT NULL, {columns}, PRIMARY KEY (id))",
        f"CREATE FUNCTION {name}_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" INSERT INTO {name} SELECT added.id, {values('added')} FROM added WHERE {_condition(search, 'added')};"
        " RETURN NULL; END $$",
        f"CREATE FUNCTION {name}_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" DELETE FROM {name} WHERE id = NEW.id;"
        f" IF {_condition(search, 'NEW')} THEN INSERT INTO {name} VALUES (NEW.id, {values('NEW')}); END IF;"
        " RETURN NULL; END $$",
        f"CREATE TRIGGER {name}_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}_add()",
        f"CREATE TRIGGER {name}_changed AFTER UPDATE OF {', '.join(search.columns)}, removed_ms ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {name}_follow()",
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN"
        f" CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX {name}_trigrams ON {name} USING gin ({trigrams});"
        " END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$",
    ]


def moving(table: str, search: Search) -> Moving:
    """How the queue of a table is moved. All but `waiting` belong into one transaction, in this order."""
    name, columns = search_table(table), ", ".join(search.columns)
    first = f"SELECT id FROM {name}_new ORDER BY id LIMIT $1"
    return Moving(
        statement(f"{name}.queued", f"SELECT COUNT(*) FROM {name}_new", dialect="sqlite"),
        statement(f"{name}.forget", f"DELETE FROM {name} WHERE rowid IN ({first})", dialect="sqlite"),
        statement(
            f"{name}.index",
            f"INSERT INTO {name} (rowid, {columns}) SELECT id, {columns} FROM {name}_new"
            f" WHERE NOT gone AND id IN ({first})",
            dialect="sqlite",
        ),
        statement(f"{name}.done", f"DELETE FROM {name}_new WHERE id IN ({first})", dialect="sqlite"),
    )


# --- what asks it ----------------------------------------------------------------------------------------------------
def finders(label: str, table: str, search: Search, columns: Sequence[str], dialect: str) -> Finders:
    """The statements that look for a text in these of the columns searched."""

    def declared(how: str, text: str) -> Statement:
        scans = "an index of trigrams, or a pass over the narrow texts"
        return statement(f"{label}.{dialect}.{how}", text, full_scan=scans, dialect=dialect)

    name = search_table(table)
    if dialect == "postgresql":
        by_index = " OR ".join(f"{column} LIKE $1" for column in columns)
        fits = " OR ".join(f"textlike({column}, $1)" for column in columns)  # LIKE, but no index is tried for it
        with_index = f"WITH found AS MATERIALIZED (SELECT id FROM {name} WHERE {by_index})"
        found = f"{with_index} SELECT {_together(dialect)} FROM found"
        by_texts = passing(f"{label}.{dialect}", name, f"({fits})", dialect)
        return Finders(declared("by_trigrams", found), by_texts, None)
    fits = " OR ".join(rf"c{search.columns.index(column)} LIKE $1 ESCAPE '\'" for column in columns)
    new = " OR ".join(rf"{column} LIKE $1 ESCAPE '\'" for column in columns)
    return Finders(
        declared("by_trigrams", f"SELECT group_concat(rowid) FROM {name} WHERE {name} MATCH $1"),
        passing(f"{label}.{dialect}", f"{name}_content", f"({fits})", dialect),
        declared("queued", f"SELECT group_concat(id), group_concat(CASE WHEN {new} THEN id END) FROM {name}_new"),
    )


def passing(label: str, table: str, condition: str, dialect: str) -> Pass:
    """A pass over the rows of a table that fit a condition, in which $1 is the pattern."""
    within = "id BETWEEN $2 AND $3 AND " if dialect == "sqlite" else ""
    found = f"SELECT {_together(dialect)} FROM {table} WHERE {within}{condition}"
    ends = f"SELECT (SELECT MIN(id) FROM {table}), (SELECT MAX(id) FROM {table})"
    return Pass(
        statement(f"{label}.ends", ends, dialect=dialect) if within else None,
        statement(f"{label}.pass", found, full_scan="a pass over the texts", dialect=dialect),
    )


async def pass_over(store: Store, made: Pass, pattern: str) -> NDArray[np.int64]:
    """Ids of the rows whose text is like the pattern."""
    if made.first_and_last is None:
        return ids_of((await store.read(made.found, pattern))[0][0])
    first, last = (await store.read(made.first_and_last))[0]
    if first is None:
        return ids_of(None)
    parts = PARTS if last - first >= APART else 1
    edges = [first + (last + 1 - first) * part // parts for part in range(parts + 1)]
    reads = [store.read(made.found, pattern, low, high - 1) for low, high in pairwise(edges)]
    found = [ids_of(rows[0][0]) for rows in await asyncio.gather(*reads)]
    return found[0] if parts == 1 else np.concatenate(found)


async def find(store: Store, made: Finders, columns: Sequence[str], keyword: str) -> NDArray[np.int64]:
    """Ids of the rows that have the keyword (in lower case) in one of the columns; of removed ones perhaps too."""
    pattern = f"%{keyword}%"
    queued = hits = ids_of(None)
    if made.queued is not None:
        queued, hits = (ids_of(found) for found in (await store.read(made.queued, pattern))[0])
    if len(keyword) < TRIGRAM or _WILD.search(keyword):
        indexed = await pass_over(store, made.by_texts, pattern)
    else:
        phrase = f'{{{" ".join(columns)}}} : "{keyword.replace(QUOTE, QUOTE * 2)}"'
        argument = pattern if made.queued is None else phrase
        indexed = ids_of((await store.read(made.by_index, argument))[0][0])
    if len(queued):
        indexed = np.concatenate([indexed[~np.isin(indexed, queued)], hits])
    return indexed


def _together(dialect: str) -> str:
    """All ids of what a statement finds, as one value."""
    return "group_concat(id)" if dialect == "sqlite" else "string_agg(int8send(id), '')"


def ids_of(found: str | bytes | None) -> NDArray[np.int64]:
    """Ids that an engine told as one value."""
    if not found:
        return np.zeros(0, np.int64)
    if isinstance(found, bytes):
        return np.frombuffer(found, ">i8").astype(np.int64)
    return np.fromstring(found, np.int64, sep=",")
