"""Events: what happened, to whom, by whom."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "event",
    Index("event_uuid", "uuid", unique=True),
    Index("event_account", "account_id", "id", where="NOT archived"),
    Index("event_domain", "domain_id", "id", where="NOT archived"),
    Index("event_listed", "id", where="NOT archived"),
    Index("event_archived", "id", where="archived"),
    Index("event_resource", "resource_uuid", "id", where="resource_uuid IS NOT NULL"),
    big=True,
)
class EventRow(Row):
    """`state` is Scheduled, Started or Completed; `level` INFO, WARN or ERROR."""

    id: int
    uuid: str
    type: str
    state: str
    level: str
    description: str
    user_id: Annotated[int, Ref("users")]
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    start_id: int | None
    resource_type: str | None
    resource_uuid: str | None
    archived: bool
    created_ms: int


INSERT = insert("event.insert", EventRow)
BY_IDS = select("event.by_ids", EventRow, "WHERE id = ANY($1)")
ARCHIVE = statement("event.archive", "UPDATE event SET archived = TRUE WHERE id = ANY($1) AND NOT archived")
DELETE = statement("event.delete", "DELETE FROM event WHERE id = ANY($1)")
