"""Guest OS categories, types and mappings as the API shows them."""

from __future__ import annotations

from typing import ClassVar

from lakh.base.clock import api_date
from lakh.contract.view import View
from lakh.resources.guest_os.row import GuestOsCategoryRow, GuestOsMappingRow, GuestOsRow


class OsCategoryView(View):
    OBJECT: ClassVar[str] = "oscategory"

    id: str | None = None
    name: str | None = None
    isfeatured: bool | None = None
    created: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class OsTypeView(View):
    OBJECT: ClassVar[str] = "ostype"

    id: str | None = None
    name: str | None = None
    description: str | None = None
    oscategoryid: str | None = None
    oscategoryname: str | None = None
    isuserdefined: bool | None = None
    fordisplay: bool | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class GuestOsMappingView(View):
    OBJECT: ClassVar[str] = "guestosmapping"

    id: str | None = None
    hypervisor: str | None = None
    hypervisorversion: str | None = None
    ostypeid: str | None = None
    osdisplayname: str | None = None
    osnameforhypervisor: str | None = None
    isuserdefined: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


def category_view(row: GuestOsCategoryRow) -> OsCategoryView:
    return OsCategoryView(id=row.uuid, name=row.name, isfeatured=row.is_featured, created=api_date(row.created_ms))


def os_type_view(row: GuestOsRow, category: GuestOsCategoryRow) -> OsTypeView:
    return OsTypeView(
        id=row.uuid,
        name=row.name,
        description=row.name,
        oscategoryid=category.uuid,
        oscategoryname=category.name,
        isuserdefined=row.is_user_defined,
        fordisplay=row.is_shown,
    )


def mapping_view(row: GuestOsMappingRow, os_type: GuestOsRow) -> GuestOsMappingView:
    return GuestOsMappingView(
        id=row.uuid,
        hypervisor=row.hypervisor,
        hypervisorversion=row.hypervisor_version,
        ostypeid=os_type.uuid,
        osdisplayname=os_type.name,
        osnameforhypervisor=row.os_name,
        isuserdefined="true" if row.is_user_defined else "false",
    )
