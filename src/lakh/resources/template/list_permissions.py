"""listTemplatePermissions."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.names import AccountNames
from lakh.resources.command import Call, SyncCommand
from lakh.resources.template.access import changeable_template
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.permissions import TemplatePermissionsView


class ListTemplatePermissions(
    SyncCommand,
    answer=TemplatePermissionsView,
    java_class="org.apache.cloudstack.api.command.admin.template.ListTemplatePermissionsCmdByAdmin",
):
    """Shows who may use a template."""

    id: Id = param("the template", required=True, entity="template")

    async def run(self, call: Call) -> TemplatePermissionsView:
        template = await changeable_template(call, self.id)
        permitted = (await call.cloud.part(TemplateCopies).current()).permitted.get(template.id, set())
        names = call.cloud.part(AccountNames)
        await names.know({template.account_id, *permitted}, set())
        return TemplatePermissionsView(
            id=template.uuid,
            ispublic=template.is_public,
            domainid=names.account(template.account_id).domain_uuid,
            account=sorted(names.account(i).name for i in permitted) or None,
        )
