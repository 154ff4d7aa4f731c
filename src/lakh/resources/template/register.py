"""registerTemplate: rows at once, one per image store that is to hold it; the download follows by itself."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id, Ids
from lakh.resources.account.ownership import owner_of
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.template.new import ARCHITECTURES, check_public, one_of, os_type_of, store_new, template_row
from lakh.resources.template.placing import wanted_zones
from lakh.resources.template.row import TemplateRow
from lakh.resources.template.url import check_format, check_url
from lakh.resources.template.view import TemplateView, template_views

TYPES = ("USER", "VNF", "ROUTING", "SYSTEM", "BUILTIN")
HYPERVISORS = ("KVM", "XenServer", "VMware", "Hyperv", "BareMetal", "LXC", "Ovm3", "External", "Simulator")


class RegisterTemplate(
    SyncCommand,
    envelope="list",
    answer=TemplateView,
    event="TEMPLATE.CREATE",
    java_class="org.apache.cloudstack.api.command.admin.template.RegisterTemplateCmdByAdmin",
):
    """Registers a template by the URL of its image, which the cloud then downloads to secondary storage."""

    name: str = param("name of the template", required=True)
    displaytext: str | None = param("what it is; its name by default", max_length=4096)
    url: str = param("where its image lies", required=True, max_length=2048)
    format: str = param("format of the image: QCOW2, RAW, VHD, OVA and others", required=True)
    hypervisor: str = param("the hypervisor it is for", required=True)
    zoneid: Id | None = param("the zone it is for, -1 for all", entity="zone")
    zoneids: Ids = param("the zones it is for", entity="zone")
    ostypeid: Id | None = param("the OS type that best tells what is inside", entity="guest_os")
    bits: int | None = param("32 or 64")
    arch: str | None = param("CPU architecture of the image", since="4.20")
    checksum: str | None = param("checksum of the image, {ALGORITHM}value or a bare MD5")
    account: str | None = param("an account to own it; goes with domainid")
    domainid: Id | None = param("the domain of the account", entity="domain")
    projectid: Id | None = param("the project to own it", entity="project")
    ispublic: bool = param("everybody may use it", default=False)
    isfeatured: bool = param("it is shown before others; admins only", default=False)
    isextractable: bool = param("its image may be downloaded from the cloud", default=False)
    isrouting: bool = param("it is for virtual routers; admins only", default=False)
    isdynamicallyscalable: bool = param("its VMs can grow while they run", default=False)
    passwordenabled: bool = param("it takes a password at boot", default=False)
    sshkeyenabled: bool = param("it takes SSH keys at boot", default=False)
    requireshvm: bool = param("it needs hardware virtualisation", default=True)
    directdownload: bool = param("hosts download it themselves, without secondary storage", default=False)
    deployasis: bool = param("VMware only", default=False, since="4.15.1")
    forcks: bool = param("it is for Kubernetes clusters", default=False, since="4.21.0")
    templatetag: str | None = param("a host tag that its VMs ask for; admins only")
    templatetype: str | None = param("USER, VNF, and for admins ROUTING, SYSTEM or BUILTIN", since="4.19.0")
    details: Details = param("free details of the template")
    externaldetails: Details = param("details of an external hypervisor's template", since="4.21.0")

    async def run(self, call: Call) -> Listed:
        if self.zoneid is not None and self.zoneids:
            raise ParameterError("Both zoneid and zoneids cannot be specified at the same time")
        zones, everywhere = await wanted_zones(call, self.zoneids or ([] if self.zoneid is None else [self.zoneid]))
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        row = await self._row(call, owner, everywhere)
        found = await store_new(call, row, zones, self.SPEC.event, "Template")
        return Listed(len(found), list(await template_views(call.cloud, found, call.caller)))

    async def _row(self, call: Call, owner: AccountRow, everywhere: bool) -> TemplateRow:
        admin = call.caller.is_root_admin
        image_format = check_format(self.format)
        if image_format == "ISO":
            raise ParameterError("Invalid format ISO: register it with registerIso")
        check_url(self.url, image_format)
        if self.directdownload:
            raise ParameterError("directdownload is not possible here: leave it out, secondary storage downloads it")
        if self.bits not in (None, 32, 64):
            raise ParameterError(f"Invalid bits {self.bits}: give 32 or 64")
        check_public(call, owner.id, self.ispublic)
        return template_row(
            call.cloud,
            owner,
            self.name,
            details=self.details,
            display_text=self.displaytext or self.name,
            type=self._type(admin),
            format=image_format,
            hypervisor=one_of("hypervisor", self.hypervisor, HYPERVISORS),
            os_type_id=await os_type_of(call.cloud, self.ostypeid),
            zone_id=self.zoneid if self.zoneid is not None and self.zoneid > 0 else None,
            url=self.url,
            checksum=self.checksum,
            is_public=self.ispublic,
            is_featured=self.isfeatured and admin,
            is_extractable=self.isextractable,
            password_enabled=self.passwordenabled,
            sshkey_enabled=self.sshkeyenabled,
            dynamically_scalable=self.isdynamicallyscalable,
            requires_hvm=self.requireshvm,
            bits=self.bits or 64,
            arch=one_of("arch", self.arch or "x86_64", ARCHITECTURES),
            tag=self.templatetag if admin else None,
            cross_zones=everywhere,
        )

    def _type(self, admin: bool) -> str:
        if self.isrouting and admin:
            return "ROUTING"
        if not self.templatetype:
            return "USER"
        found = one_of("templatetype", self.templatetype, TYPES)
        if found not in ("USER", "VNF") and not admin:
            raise ParameterError(f"Users may not register templates of type {found}: give USER or VNF")
        return found
