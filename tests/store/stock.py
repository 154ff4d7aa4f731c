"""The little world of the store tests: accounts that own boxes, and a counter of what is left in each shop."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import TxnSpec, insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table("test_shop", Index("test_shop_name", "name", unique=True))
class ShopRow(Row):
    id: int
    name: str
    capacity: int
    used: int


@table(
    "test_box",
    Index("test_box_uuid", "uuid", unique=True),
    Index("test_box_shop", "shop_id", "id", where="removed_ms IS NULL"),
    Index("test_box_label", "shop_id", "label", where="removed_ms IS NULL", unique=True),
    big=True,
)
class BoxRow(Row):
    id: int
    uuid: str
    shop_id: Annotated[int, Ref("test_shop")]
    label: str | None
    open: bool
    weight: float | None
    sealed: bool | None
    removed_ms: int | None = None


@table("test_bin", shared=True, fill_percent=70)
class BinRow(Row):
    id: int
    pieces: int


INSERT_SHOP = insert("test_shop.insert", ShopRow)
TAKE = statement("test_shop.take", "UPDATE test_shop SET used = used + $2 WHERE id = $1 AND used + $2 <= capacity")
SHOP = select("test_shop.by_id", ShopRow, "WHERE id = $1")

INSERT_BOX = insert("test_box.insert", BoxRow)
REMOVE_BOX = statement("test_box.remove", "UPDATE test_box SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL")
RELABEL = statement("test_box.relabel", "UPDATE test_box SET label = $2 WHERE id = $1")
MOVE_ALL = statement("test_box.move_all", "UPDATE test_box SET shop_id = $2 WHERE id = ANY($1)")
MOVE_WITH = statement(
    "test_box.move_with",
    "WITH light AS (SELECT id FROM test_box WHERE weight < $1) "
    "UPDATE test_box SET shop_id = $2 WHERE id IN (SELECT id FROM light)",
)
BOX = select("test_box.by_id", BoxRow, "WHERE id = $1")
BOXES = select("test_box.by_ids", BoxRow, "WHERE id = ANY($1) ORDER BY id")
OTHER_BOXES = select(
    "test_box.others", BoxRow, "WHERE shop_id = $1 AND removed_ms IS NULL AND id <> ALL($2) ORDER BY id"
)
BOXES_OF = select(
    "test_box.of_shops", BoxRow, "WHERE label = ANY($1) AND shop_id = $2 AND removed_ms IS NULL ORDER BY id"
)
LABELS_LIKE = statement("test_box.labels_like", "SELECT label FROM test_box WHERE label LIKE $1 ORDER BY label")
COUNT = statement("test_box.count", "SELECT COUNT(*), SUM(id) FROM test_box WHERE id > $1::bigint")


def shop(id: int = 1, capacity: int = 10, used: int = 0) -> TxnSpec:
    return TxnSpec("openShop").put(INSERT_SHOP, ShopRow(id=id, name=f"shop-{id}", capacity=capacity, used=used))


def box(id: int, shop_id: int = 1, label: str | None = None, **fields: object) -> BoxRow:
    values = {"open": False, "weight": None, "sealed": None, **fields}
    return BoxRow(id=id, uuid=f"uuid-{id}", shop_id=shop_id, label=label, **values)  # type: ignore[arg-type]


def add_box(id: int, shop_id: int = 1, label: str | None = None, **fields: object) -> TxnSpec:
    return TxnSpec("addBox").put(INSERT_BOX, box(id, shop_id, label, **fields))


ADD_OPEN_NULL = statement(
    "test_box.add_null", "INSERT INTO test_box (id, uuid, shop_id, open) VALUES ($1, 'no-open', 1, NULL)"
)
