"""Events: what happened, to whom, by whom."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert
from lakh.store.table import Index, Ref, Row, table


@table(
    "event",
    Index("event_uuid", "uuid", unique=True),
    Index("event_account", "account_id", "id", where="NOT archived"),
    Index("event_domain", "domain_id", "id", where="NOT archived"),
    Index("event_listed", "id", where="NOT archived"),
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
