"""Management servers. Each start is a new epoch, the fencing token of everything that start owns."""

from __future__ import annotations

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Row, table


@table("management_server", Index("management_server_uuid", "uuid", unique=True))
class ManagementServerRow(Row):
    """`msid` is the 48-bit id agents see in frame headers (agent-protocol 2.4)."""

    id: int
    uuid: str
    name: str
    msid: int
    state: str
    version: str
    epoch: int
    started_ms: int
    heartbeat_ms: int
    removed_ms: int | None = None


INSERT = insert("management_server.insert", ManagementServerRow)
BY_NAME = select("management_server.by_name", ManagementServerRow, "WHERE name = $1 AND removed_ms IS NULL")
NEW_EPOCH = statement(
    "management_server.new_epoch",
    "UPDATE management_server SET epoch = epoch + 1, started_ms = $3, heartbeat_ms = $3, version = $4, state = 'Up'"
    " WHERE id = $1 AND epoch = $2",
)
