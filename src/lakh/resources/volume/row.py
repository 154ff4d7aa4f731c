"""Volumes: ROOT and DATADISK."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, Search, table


@table(
    "volume",
    Index("volume_uuid", "uuid", unique=True),
    Index("volume_vm", "vm_id", "device_id", where="removed_ms IS NULL AND vm_id IS NOT NULL"),
    Index("volume_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("volume_domain", "domain_id", "id", where="removed_ms IS NULL"),
    Index("volume_listed", "id", where="removed_ms IS NULL"),
    Index("volume_expunging", "updated_ms", where="removed_ms IS NULL AND state = 'Expunging'"),
    Index("volume_name", "name", "id", where="removed_ms IS NULL"),
    Index("volume_clones", "pool_id", "template_id", where="removed_ms IS NULL AND template_id IS NOT NULL"),
    Index("volume_doomed", "id", where="removed_ms IS NULL AND state = 'Destroy'"),
    Index("volume_pool", "pool_id", "id", where="removed_ms IS NULL AND pool_id IS NOT NULL"),
    big=True,
    search=Search("name"),
)
class VolumeRow(Row):
    """`path` is the file's name on the pool. `state` as Volume.State. `recreatable` disks are system VMs'."""

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
    delete_protection: bool = False


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
MOVE = statement(
    "volume.move",
    "UPDATE volume SET state = $3, updated_ms = $4 WHERE id = $1 AND state = $2 AND removed_ms IS NULL",
)
ATTACH = statement(
    "volume.attach",
    "UPDATE volume SET vm_id = $3, device_id = $4, state = $5, attached_ms = $6, updated_ms = $6"
    " WHERE id = $1 AND state = $2 AND vm_id IS NULL AND size_bytes = $7 AND removed_ms IS NULL",
)
"""Only in the size that is taken of its pool."""
ATTACHED = statement(
    "volume.attached",
    "UPDATE volume SET state = $3, device_id = $4, path = $5, size_bytes = $6, updated_ms = $7"
    " WHERE id = $1 AND vm_id = $2 AND removed_ms IS NULL",
)
DETACH = statement(
    "volume.detach",
    "UPDATE volume SET vm_id = NULL, device_id = NULL, attached_ms = NULL, state = $3, updated_ms = $4"
    " WHERE id = $1 AND vm_id = $2 AND removed_ms IS NULL",
)
DOOM = statement(
    "volume.doom",
    "UPDATE volume SET state = $3, vm_id = NULL, device_id = NULL, attached_ms = NULL, updated_ms = $4"
    " WHERE id = $1 AND state = $2 AND COALESCE(vm_id, 0) = $5 AND size_bytes = $6 AND removed_ms IS NULL",
)
"""Only where it was seen, and in the size that its owner is credited with."""
RESIZED = statement(
    "volume.resized",
    "UPDATE volume SET state = $3, size_bytes = $4, disk_offering_id = $5, min_iops = $6, max_iops = $7,"
    " updated_ms = $8 WHERE id = $1 AND state = $2 AND removed_ms IS NULL",
)
MIGRATED = statement(
    "volume.migrated",
    "UPDATE volume SET state = 'Ready', last_pool_id = pool_id, pool_id = $2, path = $3, disk_offering_id = $4,"
    " updated_ms = $5 WHERE id = $1 AND state = 'Migrating' AND removed_ms IS NULL",
)
UPDATE = statement(
    "volume.update",
    "UPDATE volume SET name = $2, path = $3, chain_info = $4, state = $5, pool_id = $6, display_volume = $7,"
    " delete_protection = $8, updated_ms = $9, uuid = $10 WHERE id = $1 AND removed_ms IS NULL",
)
TO_DELETE = select(
    "volume.to_delete", VolumeRow, "WHERE state = 'Destroy' AND removed_ms IS NULL ORDER BY id LIMIT 1000"
)
REMOVE = statement(
    "volume.remove",
    "UPDATE volume SET state = 'Expunged', last_pool_id = pool_id, pool_id = NULL, vm_id = NULL, removed_ms = $2,"
    " updated_ms = $2 WHERE id = $1 AND removed_ms IS NULL",
)
