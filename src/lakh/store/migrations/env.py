"""Alembic's entry: runs the revisions as `lakh.store.migrate` asked for.

SQLite's run on the connection that was handed over, because rebuilding a table there needs to look at it. PostgreSQL's
are only written down, as the script that the caller then runs through its own driver.
"""

from __future__ import annotations

from alembic import context

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", dialect_opts={"paramstyle": "named"})
else:
    context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
