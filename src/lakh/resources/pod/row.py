"""Pods, and the private addresses their system VMs take."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert
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
