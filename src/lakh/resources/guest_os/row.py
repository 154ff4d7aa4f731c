"""Guest OS categories and types, and what hypervisors call them."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert
from lakh.store.table import Index, Ref, Row, table


@table("guest_os_category", Index("guest_os_category_uuid", "uuid", unique=True))
class GuestOsCategoryRow(Row):
    id: int
    uuid: str
    name: str
    is_featured: bool
    sort_key: int
    created_ms: int
    removed_ms: int | None = None


@table("guest_os", Index("guest_os_uuid", "uuid", unique=True), Index("guest_os_category_id", "category_id", "id"))
class GuestOsRow(Row):
    """A template's or VM's OS type. Names are not unique."""

    id: int
    uuid: str
    category_id: Annotated[int, Ref("guest_os_category")]
    name: str
    is_shown: bool
    is_user_defined: bool
    created_ms: int
    removed_ms: int | None = None


@table(
    "guest_os_mapping",
    Index("guest_os_mapping_uuid", "uuid", unique=True),
    Index("guest_os_mapping_os", "guest_os_id", "hypervisor", "hypervisor_version"),
)
class GuestOsMappingRow(Row):
    """`os_name` is what the hypervisor of that version calls the OS type."""

    id: int
    uuid: str
    guest_os_id: Annotated[int, Ref("guest_os")]
    hypervisor: str
    hypervisor_version: str
    os_name: str
    is_user_defined: bool
    created_ms: int
    removed_ms: int | None = None


INSERT_CATEGORY = insert("guest_os_category.insert", GuestOsCategoryRow)
INSERT = insert("guest_os.insert", GuestOsRow)
INSERT_MAPPING = insert("guest_os_mapping.insert", GuestOsMappingRow)
