"""Tags: keys with values that owners put on their things, one row each."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table

SEPARATOR = "\x1f"
"""Between key and value in `pair`: the API lets no control character through."""


@table(
    "resource_tag",
    Index("resource_tag_uuid", "uuid", unique=True),
    Index("resource_tag_key", "resource_type", "resource_id", "tag_key", unique=True),
    Index("resource_tag_pair", "resource_type", "pair", "resource_id"),
    Index("resource_tag_of", "resource_uuid", "id"),
    Index("resource_tag_account", "account_id", "id"),
    Index("resource_tag_domain", "domain_id", "id"),
    big=True,
)
class TagRow(Row):
    """`resource_type` is CloudStack's name of the kind (UserVm), `resource_id` the row's id in that kind's table.
    `pair` is key and value together, what lists filter by. Account and domain are the resource's."""

    id: int
    uuid: str
    resource_type: str
    resource_id: int
    resource_uuid: str
    tag_key: str
    tag_value: str
    pair: str
    customer: str | None
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    created_ms: int


INSERT = insert("resource_tag.insert", TagRow)
OF_RESOURCES = select(
    "resource_tag.of_resources", TagRow, "WHERE resource_type = $1 AND resource_id = ANY($2) ORDER BY id"
)
DELETE = statement("resource_tag.delete", "DELETE FROM resource_tag WHERE id = $1")
DELETE_ALL = statement(
    "resource_tag.delete_all", "DELETE FROM resource_tag WHERE resource_type = $1 AND resource_id = $2"
)


def pair_of(key: str, value: str) -> str:
    """What `pair` holds for a key and a value."""
    return f"{key}{SEPARATOR}{value}"


def pairs_of(tags: list[dict[str, str]]) -> list[str] | None:
    """The filter value of a list's `tags` parameter; None when none is given."""
    return [pair_of(t.get("key", ""), t.get("value", "")) for t in tags] or None
