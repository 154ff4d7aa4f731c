"""Overrides of settings. A setting without a row has its catalogue default."""

from __future__ import annotations

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Row, table


@table("configuration", Index("configuration_name", "name", "scope", "scope_id", unique=True))
class ConfigurationRow(Row):
    """`scope` is Global, Zone, Cluster, Domain, Account, StoragePool or ImageStore; `scope_id` 0 for Global."""

    id: int
    name: str
    scope: str
    scope_id: int
    value: str | None
    updated_ms: int


INSERT = insert(
    "configuration.set",
    ConfigurationRow,
    conflict="ON CONFLICT (name, scope, scope_id)"
    " DO UPDATE SET value = excluded.value, updated_ms = excluded.updated_ms",
)
ALL = select("configuration.all", ConfigurationRow, "ORDER BY id")
DELETE = statement("configuration.delete", "DELETE FROM configuration WHERE name = $1 AND scope = $2 AND scope_id = $3")
