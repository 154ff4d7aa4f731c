"""Domains form a tree; `path` is the ids from ROOT down, `/1/5/`, so that a subtree is a prefix."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Ref, Row, table

ROOT_DOMAIN = 1


@table(
    "domain",
    Index("domain_uuid", "uuid", unique=True),
    Index("domain_name", "parent_id", "name", where="removed_ms IS NULL", unique=True),
    Index("domain_path", "path", where="removed_ms IS NULL"),
)
class DomainRow(Row):
    id: int
    uuid: str
    name: str
    parent_id: Annotated[int | None, Ref("domain")]
    path: str
    level: int
    network_domain: str | None
    state: str
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("domain.insert", DomainRow)
LIVE_PARENT = statement(
    "domain.live_parent", "UPDATE domain SET state = state WHERE id = $1 AND state = 'Active' AND removed_ms IS NULL"
)
"""Guards what is created in a domain: it counts no row once the domain is being deleted."""
