"""Clusters: overcommit and thresholds are theirs; a capacity figure of a host is scaled by them."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, statement
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
UPDATE = statement(
    "cluster.update",
    "UPDATE cluster SET name = COALESCE($2, name), hypervisor = COALESCE($3, hypervisor),"
    " cluster_type = COALESCE($4, cluster_type), arch = COALESCE($5, arch),"
    " allocation_state = COALESCE($6, allocation_state), managed_state = COALESCE($7, managed_state),"
    " details_json = COALESCE($8, details_json) WHERE id = $1 AND removed_ms IS NULL",
)
SET_OVERCOMMIT = statement(
    "cluster.set_overcommit",
    "UPDATE cluster SET cpu_overcommit = $2, memory_overcommit = $3 WHERE id = $1 AND removed_ms IS NULL",
)
