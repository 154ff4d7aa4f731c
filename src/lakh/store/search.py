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

What is found comes as one value, since a row of the driver for each of 60,000 hits costs more than finding them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


class Finders(NamedTuple):
    """The statements of one search, by how they look; `queued` looks into SQLite's queue."""

    by_index: Statement
    by_texts: Statement
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

    if dialect == "postgresql":
        by_index, by_texts = _postgresql_finders(table, search, columns)
        return Finders(declared("by_trigrams", by_index), declared("by_texts", by_texts), None)
    name = search_table(table)
    fits = " OR ".join(rf"c{search.columns.index(column)} LIKE $1 ESCAPE '\'" for column in columns)
    new = " OR ".join(rf"{column} LIKE $1 ESCAPE '\'" for column in columns)
    return Finders(
        declared("by_trigrams", f"SELECT group_concat(rowid) FROM {name} WHERE {name} MATCH $1"),
        declared("by_texts", f"SELECT group_concat(id) FROM {name}_content WHERE {fits}"),
        declared("queued", f"SELECT group_concat(id), group_concat(CASE WHEN {new} THEN id END) FROM {name}_new"),
    )


def _postgresql_finders(table: str, search: Search, columns: Sequence[str]) -> tuple[str, str]:
    def text(condition: str) -> str:
        where = " OR ".join(condition.format(column) for column in columns)
        found = f"WITH found AS MATERIALIZED (SELECT id FROM {search_table(table)} WHERE {where})"
        return f"{found} SELECT array_agg(id) FROM found"

    return text("{} LIKE $1"), text("{} || '' LIKE $1")


async def find(store: Store, made: Finders, columns: Sequence[str], keyword: str) -> NDArray[np.int64]:
    """Ids of the rows that have the keyword (in lower case) in one of the columns; of removed ones perhaps too."""
    pattern, asked = f"%{keyword}%", made.by_index
    argument = pattern
    if len(keyword) < TRIGRAM or _WILD.search(keyword):
        asked = made.by_texts
    elif made.queued is not None:
        argument = f'{{{" ".join(columns)}}} : "{keyword.replace(QUOTE, QUOTE * 2)}"'
    if made.queued is None:
        return ids_of((await store.read(asked, argument))[0][0])
    queued, hits = (ids_of(found) for found in (await store.read(made.queued, pattern))[0])
    indexed = ids_of((await store.read(asked, argument))[0][0])
    if len(queued):
        indexed = np.concatenate([np.setdiff1d(indexed, queued, assume_unique=True), hits])
    return indexed


def ids_of(found: str | list[int] | None) -> NDArray[np.int64]:
    """Ids that an engine told as one value."""
    if not found:
        return np.zeros(0, np.int64)
    return np.fromstring(found, np.int64, sep=",") if isinstance(found, str) else np.array(found, np.int64)
