"""updateTemplate."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Details, Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.template.access import changeable_template
from lakh.resources.template.change import Changes, change
from lakh.resources.template.view import TemplateView, entries, template_views


class UpdateTemplate(SyncCommand, answer=TemplateView, event="TEMPLATE.UPDATE"):
    """Changes what is known of a template. Its image is not touched."""

    id: Id = param("the template", required=True, entity="template")
    name: str | None = param("new name", max_length=251)
    displaytext: str | None = param("new description", max_length=4096)
    format: str | None = param("format of the image")
    ostypeid: Id | None = param("OS type", entity="guest_os")
    forceupdateostype: bool = param("also while Instances of it exist", default=False, since="4.21")
    bootable: bool | None = param("Instances can boot from it")
    passwordenabled: bool | None = param("it takes a password at boot")
    sshkeyenabled: bool | None = param("it takes SSH keys at boot")
    isdynamicallyscalable: bool | None = param("its Instances can grow while they run")
    isrouting: bool | None = param("it is for virtual routers; admins only")
    requireshvm: bool | None = param("it needs hardware virtualisation")
    sortkey: int | None = param("its place in lists")
    templatetype: str | None = param("its type; admins only")
    templatetag: str | None = param("a host tag that its Instances ask for; admins only", since="4.20.0")
    arch: str | None = param("CPU architecture of the image", since="4.20")
    forcks: bool | None = param("it is for Kubernetes clusters", since="4.21.0")
    details: Details = param("free details, in place of those it has")
    cleanupdetails: bool = param("remove all details", default=False)

    async def run(self, call: Call) -> TemplateView:
        template = await changeable_template(call, self.id)
        changes = Changes(
            name=self.name,
            display_text=self.displaytext,
            format=self.format,
            os_type_id=self.ostypeid,
            force_os_type=self.forceupdateostype,
            is_bootable=self.bootable,
            password_enabled=self.passwordenabled,
            sshkey_enabled=self.sshkeyenabled,
            dynamically_scalable=self.isdynamicallyscalable,
            requires_hvm=self.requireshvm,
            sort_key=self.sortkey,
            type="ROUTING" if self.isrouting else self.templatetype,
            tag=self.templatetag,
            arch=self.arch,
            details=None if not self.details and not self.cleanupdetails else self.details,
        )
        after = await change(call, template, changes, self.SPEC.event, "Template")
        return (await template_views(call.cloud, (await entries(call.cloud, after))[:1], call.caller))[0]
