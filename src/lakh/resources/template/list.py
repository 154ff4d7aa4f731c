"""listTemplates: an entry per template and zone."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids, Strings
from lakh.resources.command import Call, Listed
from lakh.resources.template.listed import TemplateList, one_or_many
from lakh.resources.template.row import TemplateRow
from lakh.resources.template.view import Entry, TemplateView


class ListTemplates(
    TemplateList,
    answer=TemplateView,
    java_class="org.apache.cloudstack.api.command.admin.template.ListTemplatesCmdByAdmin",
):
    """Lists templates: public, own and shared ones, as templatefilter says."""

    templatefilter: str = param(
        "featured, self, selfexecutable, sharedexecutable, executable, community, shared or, for admins, all",
        required=True,
    )
    ids: Ids = param("these templates; not together with id", entity="template", since="4.9")
    templatetype: str | None = param("of this type", since="4.19.0")
    isready: bool | None = param("whether their images are there", since="4.21.0")
    parenttemplateid: Id | None = param("made from this template", entity="template", since="4.4")
    isvnf: bool | None = param("network functions, or the others", since="4.19.0")
    forcks: bool | None = param("for Kubernetes clusters; there are none", since="4.21.0")
    details: Strings = param("all, min or resource", since="4.15")

    async def run(self, call: Call) -> Listed:
        return await self.listed(call, self.templatefilter, "template filter", one_or_many(self.id, self.ids))

    def fits(self, row: TemplateRow) -> bool:
        return (
            (self.templatetype is None or row.type == self.templatetype.upper())
            and (self.parenttemplateid is None or row.source_template_id == self.parenttemplateid)
            and (self.isvnf is None or (row.type == "VNF") == self.isvnf)
            and not self.forcks
        )

    def entry_fits(self, entry: Entry) -> bool:
        return self.isready is None or entry.is_ready == self.isready
