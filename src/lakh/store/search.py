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

*Much to look at* is looked at by more than one core: by SQLite in PARTS of the ids at once, in threads of their own, by
the index as well, where a word that a million rows have takes 100 ms; PostgreSQL gives its parallel workers two halves
of the table, since one pass that ends in one value is for it the work of one.

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

Ids = NDArray[np.int64]

QUOTE: Final = '"'
TRIGRAM: Final = 3
"""Characters below which there is nothing to look up in an index."""
_WILD = re.compile(r"[%_\\]")
LIVE: Final = "removed_ms IS NULL"
_SCANS: Final = "an index of trigrams, or a pass over the narrow texts"
PARTS: Final = 2
"""Of a pass: more would leave the machine to nobody else."""
APART: Final = 50_000
"""Between the first and the last id; below, one part is soon done."""


class Pass(NamedTuple):
    """A look at a table's texts for $1. On SQLite `found` looks at ids from $2 to $3, and `ends` tells the first and
    last there are; on PostgreSQL `ends` tells the place in the middle of the table, which is $2."""

    ends: Statement | None
    found: Statement


class Finders(NamedTuple):
    """The statements of one search, by how they look; `queued` looks into SQLite's queue, and tells the ends too."""

    by_index: Pass
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
    name, label = search_table(table), f"{label}.{dialect}"
    if dialect == "postgresql":
        by_index = " OR ".join(f"{column} LIKE $1" for column in columns)
        fits = " OR ".join(f"textlike({column}, $1)" for column in columns)  # LIKE, but no index is tried for it
        with_index = f"WITH found AS MATERIALIZED (SELECT id FROM {name} WHERE {by_index})"
        found = f"{with_index} SELECT {_together(dialect)} FROM found"
        of_index = Pass(None, statement(f"{label}.by_trigrams", found, full_scan=_SCANS, dialect=dialect))
        return Finders(of_index, passing(f"{label}.by_texts", name, f"({fits})", dialect), None)
    fits = " OR ".join(rf"c{search.columns.index(column)} LIKE $1 ESCAPE '\'" for column in columns)
    new = " OR ".join(rf"{column} LIKE $1 ESCAPE '\'" for column in columns)
    queue = f"SELECT group_concat(id), group_concat(CASE WHEN {new} THEN id END), {_ends(f'{name}_content')}"
    return Finders(
        passing(f"{label}.by_trigrams", name, f"{name} MATCH $1", dialect, key="rowid"),
        passing(f"{label}.by_texts", f"{name}_content", f"({fits})", dialect),
        statement(
            f"{label}.queued", f"{queue} FROM {name}_new", full_scan="a queue that is kept short", dialect=dialect
        ),
    )


def passing(label: str, table: str, condition: str, dialect: str, *, key: str = "id") -> Pass:
    """A look at the rows of a table that fit a condition on $1; `key` is what their ids are called there."""
    if dialect == "postgresql":
        return _postgresql_pass(label, table, condition)
    found = f"SELECT {_together(dialect, key)} FROM {table} WHERE {key} BETWEEN $2 AND $3 AND {condition}"
    return Pass(
        statement(f"{label}.ends", f"SELECT {_ends(table)}", dialect=dialect) if key == "id" else None,
        statement(f"{label}.found", found, full_scan=_SCANS, dialect=dialect),
    )


def _postgresql_pass(label: str, table: str, condition: str) -> Pass:
    """In two halves by the rows' places ($2), which are parts of one statement, lest a row that moves be missed."""
    dialect = "postgresql"
    middle = f"SELECT format('(%s,0)', pg_relation_size('{table}') / current_setting('block_size')::bigint / 2)"
    halves = " UNION ALL ".join(
        f"SELECT {_together(dialect)} AS part FROM {table} WHERE ctid {side} $2::text::tid AND {condition}"
        for side in ("<", ">=")
    )
    found = f"SELECT string_agg(part, '') FROM ({halves}) parts"
    return Pass(
        statement(f"{label}.middle", middle, dialect=dialect),
        statement(f"{label}.found", found, full_scan=_SCANS, dialect=dialect),
    )


def _ends(table: str) -> str:
    return f"(SELECT MIN(id) FROM {table}), (SELECT MAX(id) FROM {table})"


async def pass_over(store: Store, made: Pass, wanted: str, ends: Sequence[int | None] | None = None) -> Ids:
    """Ids of the rows that the look finds for `wanted`; `ends` where they are known."""
    if ends is None and made.ends is not None:
        ends = (await store.read(made.ends))[0]
    if ends is None or len(ends) == 1:
        return ids_of((await store.read(made.found, wanted, *(ends or ())))[0][0])
    first, last = ends
    if first is None or last is None:
        return ids_of(None)
    parts = PARTS if last - first >= APART else 1
    edges = [first + (last + 1 - first) * part // parts for part in range(parts + 1)]
    reads = [store.read(made.found, wanted, low, high - 1) for low, high in pairwise(edges)]
    found = [ids_of(rows[0][0]) for rows in await asyncio.gather(*reads)]
    return found[0] if parts == 1 else np.concatenate(found)


async def find(store: Store, made: Finders, columns: Sequence[str], keyword: str) -> Ids:
    """Ids of the rows that have the keyword (in lower case) in one of the columns; of removed ones perhaps too."""
    pattern = f"%{keyword}%"
    queued, hits, ends = ids_of(None), ids_of(None), None
    if made.queued is not None:
        waiting, fitting, *ends = (await store.read(made.queued, pattern))[0]
        queued, hits = ids_of(waiting), ids_of(fitting)
    if len(keyword) < TRIGRAM or _WILD.search(keyword):
        indexed = await pass_over(store, made.by_texts, pattern, ends)
    else:
        phrase = f'{{{" ".join(columns)}}} : "{keyword.replace(QUOTE, QUOTE * 2)}"'
        indexed = await pass_over(store, made.by_index, pattern if made.queued is None else phrase, ends)
    if len(queued):
        indexed = np.concatenate([indexed[~np.isin(indexed, queued)], hits])
    return indexed


def _together(dialect: str, key: str = "id") -> str:
    """All ids of what a statement finds, as one value."""
    return f"group_concat({key})" if dialect == "sqlite" else f"string_agg(int8send({key}), '')"


def ids_of(found: str | bytes | None) -> Ids:
    """Ids that an engine told as one value."""
    if not found:
        return np.zeros(0, np.int64)
    if isinstance(found, bytes):
        return np.frombuffer(found, ">i8").astype(np.int64)
    return np.fromstring(found, np.int64, sep=",")
