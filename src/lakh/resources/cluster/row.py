"""Clusters: overcommit and thresholds are theirs; a capacity figure of a host is scaled by them."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert
from lakh.store.table import Index, Ref, Row, table


@table(
    "cluster",
    Index("cluster_uuid", "uuid", unique=True),
    Index("cluster_name", "pod_id", "name", where="removed_ms IS NULL", unique=True),
)
class ClusterRow(Row):
    id: int
    uuid: str
    name: str
    zone_id: Annotated[int, Ref("zone")]
    pod_id: Annotated[int, Ref("pod")]
    hypervisor: str
    cluster_type: str
    arch: str
    allocation_state: str
    managed_state: str
    cpu_overcommit: float
    memory_overcommit: float
    details_json: str
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("cluster.insert", ClusterRow)
