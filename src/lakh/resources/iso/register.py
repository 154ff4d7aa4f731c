"""registerIso: as registerTemplate, for the image of a disc."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.template.new import ARCHITECTURES, check_public, one_of, os_type_of, store_new, template_row
from lakh.resources.template.placing import wanted_zones
from lakh.resources.template.url import check_url
from lakh.resources.template.view import TemplateView, template_views


class RegisterIso(
    SyncCommand,
    envelope="list",
    answer=TemplateView,
    object_name="iso",
    event="ISO.CREATE",
    java_class="org.apache.cloudstack.api.command.admin.iso.RegisterIsoCmdByAdmin",
):
    """Registers an ISO by its URL, which the cloud then downloads to secondary storage."""

    name: str = param("name of the ISO", required=True, max_length=251)
    displaytext: str | None = param("what it is; its name by default", max_length=4096)
    url: str = param("where it lies", required=True, max_length=2048)
    zoneid: Id = param("the zone it is for, -1 for all", required=True, entity="zone")
    ostypeid: Id | None = param("the OS type that best tells what is on it", entity="guest_os")
    bootable: bool = param("an Instance can boot from it", default=True)
    arch: str | None = param("CPU architecture", since="4.20")
    checksum: str | None = param("checksum of the image, {ALGORITHM}value or a bare MD5")
    account: str | None = param("an account to own it; goes with domainid")
    domainid: Id | None = param("the domain of the account", entity="domain")
    projectid: Id | None = param("the project to own it", entity="project")
    ispublic: bool = param("everybody may use it", default=False)
    isfeatured: bool = param("it is shown before others; admins only", default=False)
    isextractable: bool = param("its image may be downloaded from the cloud", default=False)
    isdynamicallyscalable: bool = param("Instances of it can grow while they run", default=False)
    passwordenabled: bool = param("it takes a password at boot", default=False)
    directdownload: bool = param("hosts download it themselves, without secondary storage", default=False)
    imagestoreuuid: str | None = param("one image store of the zone")

    async def run(self, call: Call) -> Listed:
        zones, everywhere = await wanted_zones(call, [self.zoneid])
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        check_url(self.url, "ISO")
        if self.directdownload:
            raise ParameterError("directdownload is not possible here: leave it out, secondary storage downloads it")
        if self.bootable and self.ostypeid is None:
            raise ParameterError("Please pass a valid GuestOS Id: a bootable ISO needs ostypeid")
        check_public(call, owner.id, self.ispublic)
        row = template_row(
            call.cloud,
            owner,
            self.name,
            display_text=self.displaytext or self.name,
            format="ISO",
            hypervisor="None",
            os_type_id=await os_type_of(call.cloud, self.ostypeid),
            zone_id=self.zoneid if self.zoneid > 0 else None,
            url=self.url,
            checksum=self.checksum,
            is_public=self.ispublic,
            is_featured=self.isfeatured and call.caller.is_root_admin,
            is_extractable=self.isextractable,
            is_bootable=self.bootable,
            password_enabled=self.passwordenabled,
            dynamically_scalable=self.isdynamicallyscalable,
            arch=one_of("arch", self.arch or "x86_64", ARCHITECTURES),
            cross_zones=everywhere,
        )
        found = await store_new(call, row, zones, self.SPEC.event, "ISO")
        return Listed(len(found), list(await template_views(call.cloud, found, call.caller)))
