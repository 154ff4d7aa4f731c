"""Templates and ISOs, their copies on image stores and on primary pools."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "template",
    Index("template_uuid", "uuid", unique=True),
    Index("template_account", "account_id", "id", where="removed_ms IS NULL"),
)
class TemplateRow(Row):
    """`type` is USER, SYSTEM, ROUTING or BUILTIN; `format` QCOW2, ISO, …; `unique_name` names it to storage VMs."""

    id: int
    uuid: str
    unique_name: str
    name: str
    display_text: str
    type: str
    format: str
    hypervisor: str
    os_type_id: int
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    zone_id: Annotated[int | None, Ref("zone")]
    url: str | None
    checksum: str | None
    size_bytes: int
    is_public: bool
    is_featured: bool
    is_extractable: bool
    is_bootable: bool
    password_enabled: bool
    sshkey_enabled: bool
    dynamically_scalable: bool
    direct_download: bool
    requires_hvm: bool
    bits: int
    arch: str
    tag: str | None
    source_template_id: Annotated[int | None, Ref("template")]
    details_json: str
    sort_key: int
    state: str
    created_ms: int
    removed_ms: int | None = None
    cross_zones: bool = False


@table(
    "template_store",
    Index("template_store_store", "store_id", "template_id"),
    Index(
        "template_store_unfinished",
        "template_id",
        "store_id",
        where="download_state IN ('NOT_DOWNLOADED', 'DOWNLOAD_IN_PROGRESS')",
    ),
    primary_key=("template_id", "store_id"),
)
class TemplateStoreRow(Row):
    """A template's copy on an image store. `download_state` as VMTemplateStorageResourceAssoc.Status, `state` as
    ObjectInDataStore.State; `host_id` is the secondary storage VM that downloads it, `remote_job` its job there."""

    template_id: Annotated[int, Ref("template")]
    store_id: Annotated[int, Ref("image_store")]
    zone_id: Annotated[int, Ref("zone")]
    state: str
    download_state: str
    percent: int
    install_path: str | None
    size_bytes: int
    physical_size_bytes: int
    remote_job: str | None
    error: str | None
    updated_ms: int
    host_id: Annotated[int | None, Ref("host")] = None

    @property
    def is_ready(self) -> bool:
        """True when virtual disks can be made from it."""
        return self.state == "Ready" and self.download_state in ("DOWNLOADED", "BYPASSED")


@table("template_pool", Index("template_pool_pool", "pool_id", "template_id"), primary_key=("template_id", "pool_id"))
class TemplatePoolRow(Row):
    """A template's copy on a primary pool, ready to be cloned."""

    template_id: Annotated[int, Ref("template")]
    pool_id: Annotated[int, Ref("storage_pool")]
    install_path: str
    size_bytes: int
    created_ms: int


@table("template_permission", primary_key=("template_id", "account_id"))
class TemplatePermissionRow(Row):
    """An account that may use a private template which it does not own."""

    template_id: Annotated[int, Ref("template")]
    account_id: Annotated[int, Ref("account")]


INSERT = insert("template.insert", TemplateRow)
BY_ID = select("template.by_id", TemplateRow, "WHERE id = $1")
BY_UUID = select("template.by_uuid", TemplateRow, "WHERE uuid = $1")
MEASURED = statement(
    "template.measured", "UPDATE template SET size_bytes = $2, checksum = COALESCE(checksum, $3) WHERE id = $1"
)
UPDATE = statement(
    "template.update",
    "UPDATE template SET name = $2, display_text = $3, format = $4, os_type_id = $5, is_bootable = $6,"
    " password_enabled = $7, sshkey_enabled = $8, dynamically_scalable = $9, requires_hvm = $10, sort_key = $11,"
    " type = $12, tag = $13, details_json = $14, arch = $15 WHERE id = $1 AND removed_ms IS NULL",
)
SET_ACCESS = statement(
    "template.set_access",
    "UPDATE template SET is_public = $2, is_featured = $3, is_extractable = $4 WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE = statement(
    "template.remove", "UPDATE template SET removed_ms = $2, state = 'Inactive' WHERE id = $1 AND removed_ms IS NULL"
)
INSERT_STORE = insert("template_store.insert", TemplateStoreRow)
ADD_STORE = insert("template_store.add", TemplateStoreRow, conflict="ON CONFLICT (template_id, store_id) DO NOTHING")
STORES_OF = select("template_store.of_template", TemplateStoreRow, "WHERE template_id = $1")
ON_STORE = select("template_store.on_store", TemplateStoreRow, "WHERE store_id = $1 ORDER BY template_id")
ALL_STORES = select("template_store.all", TemplateStoreRow, "ORDER BY template_id, store_id")
UNFINISHED = select(
    "template_store.unfinished",
    TemplateStoreRow,
    "WHERE download_state IN ('NOT_DOWNLOADED', 'DOWNLOAD_IN_PROGRESS') ORDER BY template_id, store_id LIMIT 1000",
)
DOWNLOADED_SO_FAR = statement(
    "template_store.progress",
    "UPDATE template_store SET state = $3, download_state = $4, percent = $5, install_path = $6, size_bytes = $7,"
    " physical_size_bytes = $8, remote_job = $9, error = $10, updated_ms = $11, host_id = $12"
    " WHERE template_id = $1 AND store_id = $2 AND download_state IN ('NOT_DOWNLOADED', 'DOWNLOAD_IN_PROGRESS')",
)
SYNCED = statement(
    "template_store.synced",
    "UPDATE template_store SET state = $4, download_state = $5, percent = $6, install_path = $7, size_bytes = $8,"
    " physical_size_bytes = $9, remote_job = NULL, error = $10, updated_ms = $11, host_id = NULL"
    " WHERE template_id = $1 AND store_id = $2 AND download_state = $3",
)
LIVE = statement(
    "template.live", "UPDATE template SET name = name WHERE id = $1 AND removed_ms IS NULL AND state = 'Active'"
)
"""Guards what is made of a template: it counts no row once the template is deleted."""
DESTROYING = statement(
    "template_store.destroying",
    "UPDATE template_store SET state = 'Destroying' WHERE template_id = $1 AND store_id = $2 AND state = 'Ready'",
)
DELETE_STORE = statement("template_store.delete", "DELETE FROM template_store WHERE template_id = $1 AND store_id = $2")
UNWANT_STORE = statement(
    "template_store.unwant",
    "DELETE FROM template_store WHERE template_id = $1 AND store_id = $2 AND download_state = 'NOT_DOWNLOADED'",
)
PERMIT = insert(
    "template_permission.insert", TemplatePermissionRow, conflict="ON CONFLICT (template_id, account_id) DO NOTHING"
)
PERMISSIONS = select("template_permission.all", TemplatePermissionRow, "ORDER BY template_id, account_id")
FORBID = statement(
    "template_permission.delete", "DELETE FROM template_permission WHERE template_id = $1 AND account_id = ANY($2)"
)
FORBID_ALL = statement("template_permission.delete_all", "DELETE FROM template_permission WHERE template_id = $1")
INSERT_POOL = insert("template_pool.insert", TemplatePoolRow, conflict="ON CONFLICT (template_id, pool_id) DO NOTHING")
ON_POOL = select("template_pool.on_pool", TemplatePoolRow, "WHERE template_id = $1 AND pool_id = $2")
OF_POOL = select("template_pool.of_pool", TemplatePoolRow, "WHERE pool_id = $1 ORDER BY template_id")
DELETE_UNUSED = statement(
    "template_pool.delete_unused",
    "DELETE FROM template_pool WHERE template_id = $1 AND pool_id = $2 AND NOT EXISTS (SELECT 1 FROM volume"
    " WHERE pool_id = $2 AND template_id = $1 AND removed_ms IS NULL)",
)
UNUSED = select(
    "template_pool.unused",
    TemplatePoolRow,
    "WHERE created_ms < $1 AND NOT EXISTS (SELECT 1 FROM volume WHERE volume.pool_id = template_pool.pool_id"
    " AND volume.template_id = template_pool.template_id AND volume.removed_ms IS NULL)"
    " ORDER BY template_id, pool_id LIMIT 1000",
)
