"""Pods, and the private addresses their system VMs take."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "pod",
    Index("pod_uuid", "uuid", unique=True),
    Index("pod_name", "zone_id", "name", where="removed_ms IS NULL", unique=True),
)
class PodRow(Row):
    """`start_ip`-`end_ip` is the range for system VMs; hosts lie in the pod's subnet outside of it."""

    id: int
    uuid: str
    name: str
    zone_id: Annotated[int, Ref("zone")]
    gateway: str
    netmask: str
    start_ip: str
    end_ip: str
    allocation_state: str
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("pod.insert", PodRow)
UPDATE = statement(
    "pod.update",
    "UPDATE pod SET name = COALESCE($2, name), gateway = COALESCE($3, gateway), netmask = COALESCE($4, netmask),"
    " start_ip = COALESCE($5, start_ip), end_ip = COALESCE($6, end_ip),"
    " allocation_state = COALESCE($7, allocation_state) WHERE id = $1 AND removed_ms IS NULL",
)
LIVE = statement("pod.live", "UPDATE pod SET name = name WHERE id = $1 AND removed_ms IS NULL")
"""Guards what is created in a pod: it counts no row once the pod is deleted."""
