"""The tables of the first release.

The statements stand beside this file, one file per engine, written by `make migration` from the declared tables until
the first release is out. From then on they are history: a change of a table is a revision of its own.
"""

from __future__ import annotations

from alembic import op

from lakh.store.baseline import statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in statements(op.get_context().dialect.name):
        op.execute(statement)
