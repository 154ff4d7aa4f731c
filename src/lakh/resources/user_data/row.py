"""Registered user data: named texts that VMs are started with."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "user_data",
    Index("user_data_uuid", "uuid", unique=True),
    Index("user_data_name", "account_id", "name", where="removed_ms IS NULL", unique=True),
    Index("user_data_domain", "domain_id", "id", where="removed_ms IS NULL"),
    big=True,
)
class UserDataRow(Row):
    """`user_data` is base64; `params` the comma-separated names of variables it declares."""

    id: int
    uuid: str
    name: str
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    user_data: str
    params: str | None
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("user_data.insert", UserDataRow)
BY_ID = select("user_data.by_id", UserDataRow, "WHERE id = $1 AND removed_ms IS NULL")
BY_IDS = select("user_data.by_ids", UserDataRow, "WHERE id = ANY($1)")
REMOVE = statement("user_data.remove", "UPDATE user_data SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL")
