"""What listTemplates and listIsos share: candidates by id or filter, conditions, and an entry per zone."""

from __future__ import annotations

from typing import ClassVar

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Pairs
from lakh.resources.account.ownership import Scope, owned_scope, scope_of
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.guest_os.row import GuestOsRow
from lakh.resources.sort_keys import sort_sign
from lakh.resources.tag.row import pair_of
from lakh.resources.tag.view import tags_of
from lakh.resources.template.access import may_use
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.filters import EXECUTABLE, check_filter, shown
from lakh.resources.template.row import OF_POOL, TemplateRow
from lakh.resources.template.view import Entry, entries, template_views


class TemplateList(OwnedListCommand, abstract=True):
    """Subclasses say which rows are theirs, and by which parameter their filter comes."""

    ISO: ClassVar[bool] = False

    id: Id | None = param("this one only", entity="template")
    name: str | None = param("of this name")
    zoneid: Id | None = param("in this zone", entity="zone")
    hypervisor: str | None = param("for this hypervisor")
    arch: str | None = param("of this CPU architecture", since="4.20")
    showremoved: bool = param("deleted ones too", default=False)
    showunique: bool = param("one entry each, whatever their zones", default=False, since="4.13.2")
    showicon: bool = param("with icons", default=False)
    imagestoreid: Id | None = param("on this image store", entity="image_store", since="4.19", roles=["Admin"])
    storageid: Id | None = param("copied to this pool", entity="storage_pool", since="4.19", roles=["Admin"])
    oscategoryid: Id | None = param("of this category of OS types", entity="guest_os_category", since="4.21.0")
    tags: Pairs = param("with one of these tags")

    async def listed(self, call: Call, given_filter: str, parameter: str, ids: list[int]) -> Listed:
        """The page. `ids` are those asked for by id."""
        chosen = check_filter(call, given_filter, parameter)
        rows = await self._candidates(call, chosen, ids)
        kept = await self._entries(call, rows, "" if ids else chosen)
        sign = sort_sign(call.cloud)
        kept.sort(
            key=lambda entry: (sign * entry.template.sort_key, entry.template.id, entry.zone.id if entry.zone else 0)
        )
        offset, limit = self.window()
        return Listed(len(kept), list(await template_views(call.cloud, kept[offset : offset + limit], call.caller)))

    def fits(self, row: TemplateRow) -> bool:
        """Conditions of one command only."""
        return True

    def entry_fits(self, entry: Entry) -> bool:
        """Conditions on the entry in a zone, of one command only."""
        return True

    async def _candidates(self, call: Call, chosen: str, ids: list[int]) -> list[TemplateRow]:
        templates = await call.cloud.snapshots.of(TemplateRow)
        if ids:
            named = [templates.by_id[i] for i in dict.fromkeys(ids)]
            found = [row for row in named if (row.removed_ms is None or self.showremoved) and await may_use(call, row)]
        else:
            scope = await self._scope(call, chosen)
            copies = await call.cloud.part(TemplateCopies).current()
            rows = list(templates.by_id.values()) if self.showremoved else list(templates)
            found = [row for row in rows if shown(row, chosen, scope, copies, call.caller.account_id)]
        return await self._matching(call, [row for row in found if (row.format == "ISO") == self.ISO])

    async def _scope(self, call: Call, chosen: str) -> Scope:
        """Whose are own: for `all` everybody's that the caller may see."""
        if chosen == "all" and self.account is None and self.domainid is None:
            return await scope_of(call, list_all=True, project_id=self.projectid)
        return await owned_scope(call, self)

    async def _matching(self, call: Call, rows: list[TemplateRow]) -> list[TemplateRow]:
        cloud = call.cloud
        if self.name is not None:
            rows = [row for row in rows if row.name == self.name]
        for field, wanted in (("hypervisor", self.hypervisor), ("arch", self.arch)):
            if wanted:
                rows = [row for row in rows if getattr(row, field).lower() == wanted.lower()]
        if self.keyword:
            text = self.keyword.lower()
            rows = [row for row in rows if text in row.name.lower() or text in row.display_text.lower()]
        if self.oscategoryid is not None:
            os_types = (await cloud.snapshots.of(GuestOsRow)).by_id
            rows = [row for row in rows if os_types[row.os_type_id].category_id == self.oscategoryid]
        if self.storageid is not None:
            on_pool = {row.template_id for row in await cloud.store.rows(OF_POOL, self.storageid)}
            rows = [row for row in rows if row.id in on_pool]
        if self.tags:
            rows = await self._tagged(call, rows)
        return [row for row in rows if self.fits(row)]

    async def _tagged(self, call: Call, rows: list[TemplateRow]) -> list[TemplateRow]:
        wanted = {pair_of(tag.get("key", ""), tag.get("value", "")) for tag in self.tags}
        tags = await tags_of(call.cloud, "ISO" if self.ISO else "Template", [row.id for row in rows])
        return [row for row in rows if any(pair_of(t.key, t.value) in wanted for t in tags.get(row.id, ()))]

    async def _entries(self, call: Call, rows: list[TemplateRow], chosen: str) -> list[Entry]:
        kept: list[Entry] = []
        for row in rows:
            found = await entries(call.cloud, row, self.zoneid)
            if self.imagestoreid is not None:
                found = [entry for entry in found if any(c.store_id == self.imagestoreid for c in entry.copies)]
            if chosen in EXECUTABLE:
                found = [entry for entry in found if entry.is_ready]
            found = [entry for entry in found if self.entry_fits(entry)]
            kept += found[:1] if self.showunique else found
        return kept


def one_or_many(given: int | None, many: list[int]) -> list[int]:
    """The ids asked for. Raises ParameterError for both parameters at once."""
    if given is not None and many:
        raise ParameterError("Specify either id or ids but not both parameters")
    return many or ([] if given is None else [given])
