"""Elements of providers that run in VMs of ours: whether routers may be made on their physical network."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "virtual_router_element",
    Index("virtual_router_element_uuid", "uuid", unique=True),
    Index("virtual_router_element_once", "provider_id", "type", where="removed_ms IS NULL", unique=True),
)
class VirtualRouterElementRow(Row):
    """`type` is VirtualRouter, VPCVirtualRouter or InternalLbVm."""

    id: int
    uuid: str
    provider_id: Annotated[int, Ref("service_provider")]
    type: str
    enabled: bool
    removed_ms: int | None = None


INSERT = insert("virtual_router_element.insert", VirtualRouterElementRow)
REMOVE_OF_PROVIDER = statement(
    "virtual_router_element.remove_of_provider",
    "UPDATE virtual_router_element SET removed_ms = $2 WHERE provider_id = $1 AND removed_ms IS NULL",
)
SET_ENABLED = statement(
    "virtual_router_element.set_enabled",
    "UPDATE virtual_router_element SET enabled = $2 WHERE id = $1 AND removed_ms IS NULL",
)
