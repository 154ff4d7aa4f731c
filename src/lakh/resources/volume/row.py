"""Volumes: ROOT and DATADISK."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "volume",
    Index("volume_uuid", "uuid", unique=True),
    Index("volume_vm", "vm_id", "device_id", where="removed_ms IS NULL AND vm_id IS NOT NULL"),
    Index("volume_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("volume_domain", "domain_id", "id", where="removed_ms IS NULL"),
    Index("volume_listed", "id", where="removed_ms IS NULL"),
    Index("volume_name", "name", "id", where="removed_ms IS NULL"),
    Index("volume_pool", "pool_id", "id", where="removed_ms IS NULL AND pool_id IS NOT NULL"),
    big=True,
)
class VolumeRow(Row):
    """`path` is the file's name on the pool. `state` as Volume.State."""

    id: int
    uuid: str
    name: str
    type: str
    state: str
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    zone_id: Annotated[int, Ref("zone")]
    pool_id: Annotated[int | None, Ref("storage_pool")]
    last_pool_id: Annotated[int | None, Ref("storage_pool")]
    vm_id: Annotated[int | None, Ref("vm")]
    device_id: int | None
    template_id: Annotated[int | None, Ref("template")]
    disk_offering_id: Annotated[int | None, Ref("disk_offering")]
    size_bytes: int
    min_iops: int | None
    max_iops: int | None
    provisioning_type: str
    format: str
    path: str | None
    chain_info: str | None
    display_volume: bool
    recreatable: bool
    attached_ms: int | None
    created_ms: int
    updated_ms: int
    removed_ms: int | None = None


INSERT = insert("volume.insert", VolumeRow)
BY_ID = select("volume.by_id", VolumeRow, "WHERE id = $1")
OF_VM = select("volume.of_vm", VolumeRow, "WHERE vm_id = $1 AND removed_ms IS NULL ORDER BY device_id")
OF_VMS = select("volume.of_vms", VolumeRow, "WHERE vm_id = ANY($1) AND removed_ms IS NULL ORDER BY vm_id, device_id")
ON_POOL = statement(
    "volume.place",
    "UPDATE volume SET pool_id = $2, state = 'Creating', updated_ms = $3 WHERE id = $1 AND removed_ms IS NULL",
)
READY = statement(
    "volume.ready",
    "UPDATE volume SET state = 'Ready', path = $2, size_bytes = $3, updated_ms = $4"
    " WHERE id = $1 AND removed_ms IS NULL",
)
OFF_POOL = statement(
    "volume.unplace",
    "UPDATE volume SET pool_id = NULL, path = NULL, state = 'Allocated', updated_ms = $2 WHERE id = $1",
)
REMOVE = statement(
    "volume.remove",
    "UPDATE volume SET state = 'Expunged', last_pool_id = pool_id, pool_id = NULL, vm_id = NULL, removed_ms = $2,"
    " updated_ms = $2 WHERE id = $1 AND removed_ms IS NULL",
)
