"""Management servers. Each start is a new epoch, the fencing token of everything that start owns."""

from __future__ import annotations

from typing import Final

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
    "UPDATE management_server SET epoch = epoch + 1, started_ms = $3, heartbeat_ms = $3, version = $4,"
    " state = CASE WHEN $5::boolean THEN 'Up' ELSE state END WHERE id = $1 AND epoch = $2",
)
"""With $5 the server itself starts; without, one of its processes does, and what was asked of the server holds on."""
MOVE = statement(
    "management_server.move",
    "UPDATE management_server SET state = $3 WHERE id = $1 AND state = ANY($2) AND removed_ms IS NULL",
)
SHUTTING_DOWN: Final = ("PreparingForShutDown", "ReadyToShutDown", "ShuttingDown")
"""In the last of them it goes once no job is left, and nothing keeps it."""
