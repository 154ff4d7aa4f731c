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


@table(
    "template_store", Index("template_store_store", "store_id", "template_id"), primary_key=("template_id", "store_id")
)
class TemplateStoreRow(Row):
    """A template's copy on an image store. `download_state` as VMTemplateStorageResourceAssoc.Status."""

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


@table("template_pool", Index("template_pool_pool", "pool_id", "template_id"), primary_key=("template_id", "pool_id"))
class TemplatePoolRow(Row):
    """A template's copy on a primary pool, ready to be cloned."""

    template_id: Annotated[int, Ref("template")]
    pool_id: Annotated[int, Ref("storage_pool")]
    install_path: str
    size_bytes: int
    created_ms: int


INSERT = insert("template.insert", TemplateRow)
BY_UUID = select("template.by_uuid", TemplateRow, "WHERE uuid = $1")
INSERT_STORE = insert("template_store.insert", TemplateStoreRow)
STORES_OF = select("template_store.of_template", TemplateStoreRow, "WHERE template_id = $1")
INSERT_POOL = insert("template_pool.insert", TemplatePoolRow, conflict="ON CONFLICT (template_id, pool_id) DO NOTHING")
ON_POOL = select("template_pool.on_pool", TemplatePoolRow, "WHERE template_id = $1 AND pool_id = $2")
DELETE_POOL = statement("template_pool.delete", "DELETE FROM template_pool WHERE template_id = $1 AND pool_id = $2")
