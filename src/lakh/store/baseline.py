"""Revision 0001: the statements that make the first release's tables, as files, one per engine.

`python -m lakh.store.baseline` (`make migration`) writes them anew from the declared tables. Plain SQL in git is what
review can read and what no later change of our own code can alter.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakh.store.table import Table

FOLDER = Path(__file__).parent / "migrations" / "versions"


def statements(dialect: str) -> list[str]:
    """The statements of one engine, in order, as they are in git."""
    text = path(dialect).read_text()
    return [statement for statement in text.split(";\n") if statement.strip()]


def path(dialect: str) -> Path:
    """The file of one engine: `sqlite` or `postgresql`."""
    return FOLDER / f"0001_initial.{dialect}.sql"


def text(dialect: str) -> str:
    """What the file of one engine should say: CREATE TABLE and CREATE INDEX of every declared table, by name."""
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.schema import CreateIndex, CreateTable

    from lakh.store.schema import declared_tables, metadata
    from lakh.store.search import create_search

    tables = declared_tables()
    engine = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}[dialect]()
    lines: list[str] = []
    for table in metadata(tables).sorted_tables:
        made: list[CreateTable | CreateIndex] = [CreateTable(table)]
        made += [CreateIndex(index) for index in sorted(table.indexes, key=lambda i: str(i.name))]
        for element in made:
            compiled = str(element.compile(dialect=engine)).strip()
            lines.append("\n".join(line.rstrip().replace("\t", "    ") for line in compiled.splitlines()) + ";\n")
    if dialect == "postgresql":
        lines += [
            f"ALTER TABLE {t.name} SET (fillfactor = {t.fill_percent});\n" for t in tables if t.fill_percent < 100
        ]
        lines += [line for each in tables for line in _compressed(each)]
    for declared in tables:
        if declared.search is not None:
            lines += [f"{made};\n" for made in create_search(declared.name, declared.search, dialect)]
    return "".join(lines)


def _compressed(table: Table) -> list[str]:
    """How JSON is compressed: PostgreSQL's own way takes as long as the rest of storing a job's result; it stays where
    a server has no other."""
    columns = [column.name for column in table.columns if column.name.endswith("_json")]
    if not table.big or not columns:
        return []
    changes = ", ".join(f"ALTER COLUMN {column} SET COMPRESSION lz4" for column in columns)
    return [
        f"DO $$ BEGIN EXECUTE 'ALTER TABLE {table.name} {changes}';"
        " EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$;\n"
    ]


def write() -> None:
    """Writes both files."""
    for dialect in ("sqlite", "postgresql"):
        path(dialect).write_text(text(dialect))


if __name__ == "__main__":
    write()
