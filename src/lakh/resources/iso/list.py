"""listIsos: an entry per ISO and zone."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.resources.command import Call, Listed
from lakh.resources.template.listed import TemplateList, one_or_many
from lakh.resources.template.row import TemplateRow
from lakh.resources.template.view import Entry, TemplateView


class ListIsos(
    TemplateList,
    answer=TemplateView,
    object_name="iso",
    java_class="org.apache.cloudstack.api.command.admin.iso.ListIsosCmdByAdmin",
):
    """Lists ISOs: public, own and shared ones, as isofilter says."""

    ISO: ClassVar[bool] = True

    isofilter: str | None = param(
        "featured, self, selfexecutable, sharedexecutable, executable, community, shared or, for admins, all;"
        " selfexecutable by default"
    )
    bootable: bool | None = param("those that an Instance can boot from, or the others")
    ispublic: bool | None = param("public ones, or private ones")
    isready: bool | None = param("whether their images are there")

    async def run(self, call: Call) -> Listed:
        return await self.listed(call, self.isofilter or "selfexecutable", "iso filter", one_or_many(self.id, []))

    def fits(self, row: TemplateRow) -> bool:
        return (self.bootable is None or row.is_bootable == self.bootable) and (
            self.ispublic is None or row.is_public == self.ispublic
        )

    def entry_fits(self, entry: Entry) -> bool:
        return self.isready is None or entry.is_ready == self.isready
