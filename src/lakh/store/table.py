"""One declaration per table: a struct whose fields are the columns.

    @table("zone", Index("zone_name", "name", where="removed_ms IS NULL", unique=True))
    class ZoneRow(Row):
        id: int
        uuid: str
        name: str
        domain_id: Annotated[int | None, Ref("domain")] = None

From it come the DDL of both engines (through SQLAlchemy metadata, for migrations only), the column lists of hot SQL,
typed rows, and who refers to whom. Portable column types: int is BIGINT, str TEXT, bool BOOLEAN, float DOUBLE
PRECISION; times are int milliseconds since the epoch named `*_ms`; structured values are JSON text named `*_json`.
Rows are never deleted while anything may still name them: `removed_ms` marks them, and indexes are partial on it.
References are logical (`Ref`): a soft-deleted parent satisfies a physical foreign key, so one would promise nothing;
the guard of the inserting statement decides instead.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

_SQL_TYPES = {int: "BIGINT", str: "TEXT", bool: "BOOLEAN", float: "DOUBLE PRECISION"}


@dataclass(frozen=True, slots=True)
class Ref:
    """The column holds an id of `table`."""

    table: str


@dataclass(frozen=True, slots=True)
class Index:
    """An index named `name` over `columns`; `where` makes it partial. End list indexes with the API's default order."""

    name: str
    columns: tuple[str, ...]
    where: str
    unique: bool

    def __init__(self, name: str, *columns: str, where: str = "", unique: bool = False) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "where", where)
        object.__setattr__(self, "unique", unique)


class Search:
    """What is searched of a table by a part of a text (`store/search.py`): its `columns`, of rows that fit `only` and
    are not removed."""

    def __init__(self, *columns: str, only: str = "") -> None:
        self.columns = columns
        self.only = only


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    sql_type: str
    nullable: bool
    default: Any  # msgspec.NODEFAULT where the insert must give it
    ref: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of one table.

    `big` marks tables on which no statement may do a full scan. `shared`: many transactions at once want the same rows,
    so a batch locks them last. `fill_percent`: how full PostgreSQL makes a page with new rows; in what is left a row
    may change beside its old form, which costs no index anything where no indexed column changes.
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    indexes: tuple[Index, ...]
    big: bool
    row: type[Row]
    search: Search | None = None
    shared: bool = False
    fill_percent: int = 100

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def column_list(self) -> str:
        return ", ".join(self.column_names)


class Row(msgspec.Struct):
    """Base of row structs. Field order is column order. Rows are shared: use msgspec.structs.replace, never assign."""

    TABLE: ClassVar[Table]


R = TypeVar("R", bound=Row)

TABLES: dict[str, Table] = {}


def table(
    name: str,
    *indexes: Index,
    primary_key: Sequence[str] = ("id",),
    big: bool = False,
    search: Search | None = None,
    shared: bool = False,
    fill_percent: int = 100,
) -> Callable[[type[R]], type[R]]:
    """Declares a table. Raises TypeError at import for a column type that is not portable."""

    def declare(row: type[R]) -> type[R]:
        columns = tuple(_columns(row))
        declared = Table(name, columns, tuple(primary_key), indexes, big, row, search, shared, fill_percent)
        known = {c.name for c in columns}
        for index in indexes:
            if unknown := [c for c in index.columns if c.split()[0] not in known]:
                raise TypeError(f"{name}: index {index.name} names unknown columns {unknown}")
        if name in TABLES and TABLES[name].row.__qualname__ != row.__qualname__:
            raise TypeError(f"table {name} is declared twice")
        row.TABLE = declared
        TABLES[name] = declared
        return row

    return declare


def _columns(row: type[Row]) -> list[Column]:
    hints = get_type_hints(row, include_extras=True)
    found: list[Column] = []
    for field in msgspec.structs.fields(row):
        hint, ref = hints[field.name], None
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
            ref = next((e.table for e in extras if isinstance(e, Ref)), None)
        nullable = False
        if get_origin(hint) in (Union, types.UnionType):
            inner = [a for a in get_args(hint) if a is not type(None)]
            nullable = len(inner) < len(get_args(hint))
            hint = inner[0]
        if hint not in _SQL_TYPES:
            raise TypeError(f"{row.__name__}.{field.name}: {hint!r} is not a portable column type")
        default = msgspec.NODEFAULT if field.required else field.default
        found.append(Column(field.name, _SQL_TYPES[hint], nullable, default, ref))
    return found


def bool_positions(row: type[Row]) -> tuple[int, ...]:
    """Positions of BOOLEAN columns: SQLite gives them back as 0 and 1."""
    return tuple(i for i, c in enumerate(row.TABLE.columns) if c.sql_type == "BOOLEAN")


def referring(name: str) -> list[tuple[str, str]]:
    """(table, column) of every column that refers to table `name`."""
    return [(t.name, c.name) for t in TABLES.values() for c in t.columns if c.ref == name]
