"""Alerts: what an operator must know. `type` and `name` are catalogue.kinds.alert_types'."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "alert",
    Index("alert_uuid", "uuid", unique=True),
    Index("alert_listed", "id", where="NOT archived"),
    Index("alert_standing", "type", "zone_id", "id", where="resolved_ms IS NULL"),
    big=True,
)
class AlertRow(Row):
    """`sent_ms` is when it was last raised, `sent_count` how often."""

    id: int
    uuid: str
    type: int
    name: str
    subject: str
    content: str
    zone_id: Annotated[int | None, Ref("zone")]
    pod_id: Annotated[int | None, Ref("pod")]
    cluster_id: Annotated[int | None, Ref("cluster")]
    sent_count: int
    sent_ms: int
    resolved_ms: int | None
    archived: bool
    created_ms: int


INSERT = insert("alert.insert", AlertRow)
STANDING = select(
    "alert.standing",
    AlertRow,
    "WHERE type = $1 AND zone_id = $2 AND name = $3 AND COALESCE(pod_id, 0) = $4 AND COALESCE(cluster_id, 0) = $5"
    " AND NOT archived AND resolved_ms IS NULL ORDER BY id DESC LIMIT 1",
)
STANDING_OF_TYPES = select(
    "alert.standing_of_types",
    AlertRow,
    "WHERE type = ANY($1) AND resolved_ms IS NULL ORDER BY type, zone_id, id LIMIT 100000",
)
"""Archived or not."""
RESOLVE = statement("alert.resolve", "UPDATE alert SET resolved_ms = $2 WHERE id = ANY($1)")
SENT_AGAIN = statement(
    "alert.sent_again", "UPDATE alert SET sent_count = sent_count + 1, sent_ms = $2, content = $3 WHERE id = $1"
)
ARCHIVE = statement("alert.archive", "UPDATE alert SET archived = TRUE WHERE id = ANY($1) AND NOT archived")
DELETE = statement("alert.delete", "DELETE FROM alert WHERE id = ANY($1)")
