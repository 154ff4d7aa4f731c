"""listTemplates: an entry per template and zone."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids, Pairs, Strings
from lakh.resources.account.ownership import Scope, owned_scope, scope_of
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.guest_os.row import GuestOsRow
from lakh.resources.template.access import may_use
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.filters import EXECUTABLE, check_filter, shown
from lakh.resources.template.row import OF_POOL, TemplateRow
from lakh.resources.template.view import Entry, TemplateView, entries, template_views


class ListTemplates(
    OwnedListCommand,
    answer=TemplateView,
    java_class="org.apache.cloudstack.api.command.admin.template.ListTemplatesCmdByAdmin",
):
    """Lists templates: public, own and shared ones, as templatefilter says."""

    templatefilter: str = param(
        "featured, self, selfexecutable, sharedexecutable, executable, community, shared or, for admins, all",
        required=True,
    )
    id: Id | None = param("the template", entity="template")
    ids: Ids = param("the templates; instead of id", entity="template", since="4.9")
    name: str | None = param("its name")
    zoneid: Id | None = param("the zone it is in", entity="zone")
    hypervisor: str | None = param("the hypervisor it is for")
    arch: str | None = param("its CPU architecture", since="4.20")
    templatetype: str | None = param("its type", since="4.19.0")
    isready: bool | None = param("whether its image is there", since="4.21.0")
    showremoved: bool = param("deleted ones too", default=False)
    showunique: bool = param("one entry per template, whatever its zones", default=False, since="4.13.2")
    showicon: bool = param("with icons", default=False)
    parenttemplateid: Id | None = param("the template it was made from", entity="template", since="4.4")
    imagestoreid: Id | None = param("the image store it is on", entity="image_store", since="4.19", roles=["Admin"])
    storageid: Id | None = param("the pool it was copied to", entity="storage_pool", since="4.19", roles=["Admin"])
    oscategoryid: Id | None = param("the category of its OS type", entity="guest_os_category", since="4.21.0")
    isvnf: bool | None = param("virtual network functions only", since="4.19.0")
    forcks: bool | None = param("for Kubernetes clusters", since="4.21.0")
    details: Strings = param("all, min or resource", since="4.15")
    tags: Pairs = param("its tags")

    async def run(self, call: Call) -> Listed:
        chosen = check_filter(call, self.templatefilter, "template filter")
        found = [row for row in await self._candidates(call, chosen) if row.format != "ISO"]
        kept = await self._entries(call, found, chosen)
        kept.sort(key=lambda entry: (entry.template.sort_key, entry.template.id, entry.zone.id if entry.zone else 0))
        offset, limit = self.window()
        page = kept[offset : offset + limit]
        return Listed(len(kept), list(await template_views(call.cloud, page, call.caller)))

    async def _candidates(self, call: Call, chosen: str) -> list[TemplateRow]:
        """The templates by id, where one is named; else those of the filter."""
        templates = await call.cloud.snapshots.of(TemplateRow)
        if self.id is not None and self.ids:
            raise ParameterError("Specify either id or ids but not both parameters")
        wanted = self.ids or ([] if self.id is None else [self.id])
        if wanted:
            rows = [templates.by_id[i] for i in wanted]
            found = [row for row in rows if (row.removed_ms is None or self.showremoved) and await may_use(call, row)]
        else:
            scope = await self._scope(call, chosen)
            copies = await call.cloud.part(TemplateCopies).current()
            rows = list(templates.by_id.values()) if self.showremoved else list(templates)
            found = [row for row in rows if shown(row, chosen, scope, copies, call.caller.account_id)]
        return await self._matching(call, found)

    async def _scope(self, call: Call, chosen: str) -> Scope:
        """Whose templates are own: for `all` everybody's that the caller may see."""
        if chosen == "all" and self.account is None and self.domainid is None:
            return await scope_of(call, list_all=True, project_id=self.projectid)
        return await owned_scope(call, self)

    async def _matching(self, call: Call, rows: list[TemplateRow]) -> list[TemplateRow]:
        wanted = {
            "name": self.name,
            "hypervisor": self.hypervisor and self.hypervisor.lower(),
            "arch": self.arch and self.arch.lower(),
            "type": self.templatetype and self.templatetype.upper(),
            "source_template_id": self.parenttemplateid,
        }
        wanted = {field: value for field, value in wanted.items() if value is not None}
        rows = [row for row in rows if all(_value(row, field) == value for field, value in wanted.items())]
        if self.isvnf is not None:
            rows = [row for row in rows if (row.type == "VNF") == self.isvnf]
        if self.keyword:
            text = self.keyword.lower()
            rows = [row for row in rows if text in row.name.lower() or text in row.display_text.lower()]
        if self.oscategoryid is not None:
            os_types = (await call.cloud.snapshots.of(GuestOsRow)).by_id
            rows = [row for row in rows if os_types[row.os_type_id].category_id == self.oscategoryid]
        if self.storageid is not None:
            on_pool = {row.template_id for row in await call.cloud.store.rows(OF_POOL, self.storageid)}
            rows = [row for row in rows if row.id in on_pool]
        return [] if self.tags or self.forcks else rows

    async def _entries(self, call: Call, rows: list[TemplateRow], chosen: str) -> list[Entry]:
        named = self.id is not None or bool(self.ids)
        kept: list[Entry] = []
        for row in rows:
            of_template = await entries(call.cloud, row, self.zoneid)
            if self.imagestoreid is not None:
                of_template = [e for e in of_template if any(c.store_id == self.imagestoreid for c in e.copies)]
            if chosen in EXECUTABLE and not named:
                of_template = [entry for entry in of_template if entry.is_ready]
            if self.isready is not None:
                of_template = [entry for entry in of_template if entry.is_ready == self.isready]
            kept += of_template[:1] if self.showunique else of_template
        return kept


def _value(row: TemplateRow, field: str) -> object:
    value = getattr(row, field)
    return value.lower() if field in ("hypervisor", "arch") else value
