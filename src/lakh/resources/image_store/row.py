"""Secondary storage."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Ref, Row, table


@table("image_store", Index("image_store_uuid", "uuid", unique=True))
class ImageStoreRow(Row):
    """`parent` is the mount directory that the secondary storage VM reported."""

    id: int
    uuid: str
    name: str
    provider: str
    protocol: str
    url: str
    scope: str
    role: str
    zone_id: Annotated[int | None, Ref("zone")]
    read_only: bool
    parent: str | None
    capacity_bytes: int | None
    used_bytes: int | None
    details_json: str
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("image_store.insert", ImageStoreRow)
SET_PARENT = statement("image_store.set_parent", "UPDATE image_store SET parent = $2 WHERE id = $1")
SET_USAGE = statement(
    "image_store.set_usage", "UPDATE image_store SET capacity_bytes = $2, used_bytes = $3 WHERE id = $1"
)
UPDATE = statement(
    "image_store.update",
    "UPDATE image_store SET name = COALESCE($2, name), read_only = COALESCE($3, read_only),"
    " capacity_bytes = COALESCE($4, capacity_bytes) WHERE id = $1 AND removed_ms IS NULL",
)
