"""updateTemplatePermissions."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids, Strings
from lakh.contract.view import Success
from lakh.resources.command import Call, SyncCommand
from lakh.resources.template.access import changeable_template
from lakh.resources.template.permissions import update_permissions


class UpdateTemplatePermissions(SyncCommand, answer=Success, event="TEMPLATE.UPDATE"):
    """Makes a template public or private, and shares a private one with accounts."""

    id: Id = param("the template", required=True, entity="template")
    op: str | None = param("add or remove the accounts, or reset: share with nobody")
    accounts: Strings = param("names of accounts in the owner's domain")
    projectids: Ids = param("projects", entity="project")
    ispublic: bool | None = param("everybody may use it")
    isfeatured: bool | None = param("it is shown before others; admins only")
    isextractable: bool | None = param("its image may be downloaded from the cloud")

    async def run(self, call: Call) -> None:
        if self.projectids:
            raise ParameterError("Unable to find project by projectids: there is no such project")
        template = await changeable_template(call, self.id)
        await update_permissions(
            call,
            template,
            operation=self.op,
            accounts=self.accounts,
            is_public=self.ispublic,
            is_featured=self.isfeatured,
            is_extractable=self.isextractable,
            event=self.SPEC.event,
        )
