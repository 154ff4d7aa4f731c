"""registerTemplate: rows at once, one per image store that is to hold it; the download follows by itself."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id, Ids
from lakh.resources.account.ownership import owner_of
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call, Listed, SyncCommand, completed
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.guest_os.row import GuestOsRow
from lakh.resources.limit.charge import charge_owner, limit_error
from lakh.resources.limit.row import Usage
from lakh.resources.template.placing import copies_for, wanted_zones
from lakh.resources.template.row import INSERT, INSERT_STORE, TemplateRow
from lakh.resources.template.url import check_format, check_url
from lakh.resources.template.view import TemplateView, entries, template_views
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

TYPES = ("USER", "VNF", "ROUTING", "SYSTEM", "BUILTIN")
ARCHITECTURES = ("x86_64", "aarch64", "s390x", "i686")
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
        cloud = call.cloud
        if self.zoneid is not None and self.zoneids:
            raise ParameterError("Both zoneid and zoneids cannot be specified at the same time")
        zones, everywhere = await wanted_zones(call, self.zoneids or ([] if self.zoneid is None else [self.zoneid]))
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        row = await self._row(call, owner, everywhere)
        usage = Usage(template=1)
        txn = TxnSpec("registerTemplate")
        await charge_owner(cloud, txn, owner.id, owner.domain_id, usage)
        txn.put(INSERT, row)
        for copy in await copies_for(cloud, row, zones):
            txn.put(INSERT_STORE, copy)
        instance = ("Template", row.uuid)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Template {row.name} registered", instance))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as failed:
            raise await limit_error(cloud, failed, owner.id, owner.domain_id, usage) from None
        found = await entries(cloud, row)
        return Listed(len(found), list(await template_views(cloud, found, call.caller)))

    async def _row(self, call: Call, owner: AccountRow, everywhere: bool) -> TemplateRow:
        cloud, admin = call.cloud, call.caller.is_root_admin
        image_format = check_format(self.format)
        if image_format == "ISO":
            raise ParameterError("Invalid format ISO: register it with registerIso")
        check_url(self.url, image_format)
        if self.directdownload:
            raise ParameterError("directdownload is not possible here: leave it out, secondary storage downloads it")
        os_types = await cloud.snapshots.of(GuestOsRow)
        os_type = next(iter(os_types)) if self.ostypeid is None else os_types.by_id[self.ostypeid]
        public_allowed = cloud.part(Settings).flag("allow.public.user.templates", ("Account", owner.id))
        if self.ispublic and not admin and not public_allowed:
            raise PermissionDeniedError("Failed to register template since only private templates can be created")
        template_id = cloud.id("template")
        uuid = cloud.uuid()
        return TemplateRow(
            id=template_id,
            uuid=uuid,
            unique_name=f"{template_id}-{owner.id}-{uuid}",
            name=self.name,
            display_text=self.displaytext or self.name,
            type=self._type(admin),
            format=image_format,
            hypervisor=_one_of("hypervisor", self.hypervisor, HYPERVISORS),
            os_type_id=os_type.id,
            account_id=owner.id,
            domain_id=owner.domain_id,
            zone_id=self.zoneid if self.zoneid is not None and self.zoneid > 0 else None,
            url=self.url,
            checksum=self.checksum,
            size_bytes=0,
            is_public=self.ispublic,
            is_featured=self.isfeatured and admin,
            is_extractable=self.isextractable,
            is_bootable=True,
            password_enabled=self.passwordenabled,
            sshkey_enabled=self.sshkeyenabled,
            dynamically_scalable=self.isdynamicallyscalable,
            direct_download=False,
            requires_hvm=self.requireshvm,
            bits=_bits(self.bits),
            arch=_one_of("arch", self.arch or "x86_64", ARCHITECTURES),
            tag=self.templatetag if admin else None,
            source_template_id=None,
            details_json=msgspec.json.encode(self.details).decode(),
            sort_key=0,
            state="Active",
            created_ms=cloud.now_ms(),
            cross_zones=everywhere,
        )

    def _type(self, admin: bool) -> str:
        if self.isrouting and admin:
            return "ROUTING"
        if not self.templatetype:
            return "USER"
        found = _one_of("templatetype", self.templatetype, TYPES)
        if found not in ("USER", "VNF") and not admin:
            raise ParameterError(f"Users may not register templates of type {found}: give USER or VNF")
        return found


def _bits(given: int | None) -> int:
    if given not in (None, 32, 64):
        raise ParameterError(f"Invalid bits {given}: give 32 or 64")
    return given or 64


def _one_of(parameter: str, given: str, possible: tuple[str, ...]) -> str:
    for each in possible:
        if each.lower() == given.lower():
            return each
    raise ParameterError(f"Invalid parameter {parameter} {given}: give one of {', '.join(possible)}")
