"""listCapabilities: what this installation allows, as one object; clients and dashboards adapt to it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import View, admin_only
from lakh.resources.command import Call, SyncCommand
from lakh.resources.configuration.scope import chain
from lakh.resources.configuration.values import Settings
from lakh.resources.zone.row import ZoneRow

VERSION_SHOWN = "expose.cloudstack.version.api.list.capabilities"
CLOUDSTACK_VERSION = "4.23.0.0"
"""The release whose API this is."""

_FLAGS = {
    "additionalconfigenabled": "enable.additional.vm.configuration",
    "allowusercreateprojects": "allow.user.create.projects",
    "allowuserviewalldomainaccounts": "allow.user.view.all.domain.accounts",
    "dynamicrolesenabled": "dynamic.apichecker.enabled",
    "dynamicscalingenabled": "enable.dynamic.scale.vm",
    "instanceleaseenabled": "instance.lease.enabled",
    "instancesdisksstatsretentionenabled": "vm.disk.stats.retention.enabled",
    "instancesstatsuseronly": "vm.stats.user.vm.only",
    "kubernetesclusterexperimentalfeaturesenabled": "cloud.kubernetes.cluster.experimental.features.enabled",
    "kubernetesserviceenabled": "cloud.kubernetes.service.enabled",
    "kvmsnapshotenabled": "kvm.snapshot.enabled",
    "projectinviterequired": "project.invite.required",
    "snapshotshowchainsize": "snapshot.show.chain.size",
    "userpublictemplateenabled": "allow.public.user.templates",
}
"""Field → the setting that it shows, in the caller's scope."""

_ADMINS_MAY = {
    "allowuserexpungerecovervm": "allow.user.expunge.recover.vm",
    "allowuserexpungerecovervolume": "allow.user.expunge.recover.volume",
    "allowuserforcestopvm": "allow.user.force.stop.vm",
    "allowuserviewdestroyedvm": "allow.user.view.destroyed.vm",
}
"""Field → the setting that allows users what admins may anyway."""

_NUMBERS = {
    "customdiskofferingmaxsize": "custom.diskoffering.size.max",
    "customdiskofferingminsize": "custom.diskoffering.size.min",
    "defaultuipagesize": "default.ui.page.size",
    "instancesdisksstatsretentiontime": "vm.disk.stats.max.retention.time",
    "instancesstatsretentiontime": "vm.stats.max.retention.time",
    "sharedfsvmmincpucount": "sharedfsvm.min.cpu.count",
    "sharedfsvmminramsize": "sharedfsvm.min.ram.size",
}

_VPN = {
    f"{rule}{field}": f"vpn.customer.gateway.{rule}.{setting}"
    for rule in ("excluded", "obsolete")
    for field, setting in (
        ("dhgroup", "dh.group"),
        ("encryptionalgorithms", "encryption.algorithms"),
        ("hashingalgorithms", "hashing.algorithms"),
        ("ikeversions", "ike.versions"),
    )
}


class CapabilitiesView(View):
    OBJECT: ClassVar[str] = "capability"

    additionalconfigenabled: bool | None = None
    allowusercreateprojects: bool | None = None
    allowuserexpungerecovervm: bool | None = None
    allowuserexpungerecovervolume: bool | None = None
    allowuserforcestopvm: bool | None = None
    allowuserviewalldomainaccounts: bool | None = None
    allowuserviewdestroyedvm: bool | None = None
    apilimitinterval: int | None = None
    apilimitmax: int | None = None
    cloudstackversion: str | None = None
    customdiskofferingmaxsize: int | None = None
    customdiskofferingminsize: int | None = None
    customhypervisordisplayname: str | None = None
    defaultuipagesize: int | None = None
    dynamicrolesenabled: bool | None = None
    dynamicscalingenabled: bool | None = None
    extensionspath: Annotated[str | None, admin_only] = None  # never there: Lakh runs no extension scripts
    instanceleaseenabled: bool | None = None
    instancesdisksstatsretentionenabled: bool | None = None
    instancesdisksstatsretentiontime: int | None = None
    instancesstatsretentiontime: int | None = None
    instancesstatsuseronly: bool | None = None
    kubernetesclusterexperimentalfeaturesenabled: bool | None = None
    kubernetesserviceenabled: bool | None = None
    kvmsnapshotenabled: bool | None = None
    projectinviterequired: bool | None = None
    regionsecondaryenabled: bool | None = None
    securitygroupsenabled: bool | None = None
    sharedfsvmmincpucount: int | None = None
    sharedfsvmminramsize: int | None = None
    snapshotshowchainsize: bool | None = None
    supportELB: str | None = None
    userpublictemplateenabled: bool | None = None
    vpncustomergatewayparameters: dict[str, str] | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ListCapabilities(SyncCommand, answer=CapabilitiesView):
    """Lists what this installation allows the caller."""

    domainid: Id | None = param("as it is for this domain", entity="domain", since="4.23.0")

    async def run(self, call: Call) -> CapabilitiesView:
        settings, caller = call.cloud.part(Settings), call.caller
        own = ("Account", caller.account_id) if self.domainid is None else ("Domain", self.domainid)
        scopes = await chain(call.cloud, own)
        if self.domainid is None:
            scopes.append(("Domain", caller.domain_id))
        view = CapabilitiesView(
            cloudstackversion=CLOUDSTACK_VERSION if settings.flag(VERSION_SHOWN) else None,
            customhypervisordisplayname=settings.text("hypervisor.custom.display.name"),
            regionsecondaryenabled=False,
            securitygroupsenabled=any(z.security_group_enabled for z in await call.cloud.snapshots.of(ZoneRow)),
            supportELB=_elastic_load_balancing(settings),
            vpncustomergatewayparameters={f: settings.text(name, *scopes) for f, name in _VPN.items()},
        )
        for field, name in _FLAGS.items():
            setattr(view, field, settings.flag(name, *scopes))
        for field, name in _ADMINS_MAY.items():
            setattr(view, field, caller.is_admin or settings.flag(name, *scopes))
        for field, name in _NUMBERS.items():
            setattr(view, field, settings.integer(name))
        if settings.flag("api.throttling.enabled"):
            view.apilimitinterval = settings.integer("api.throttling.interval")
            view.apilimitmax = settings.integer("api.throttling.max")
        return view


def _elastic_load_balancing(settings: Settings) -> str:
    """`false`, or the network that elastic load balancers of basic zones listen on."""
    if settings.flag("network.loadbalancer.basiczone.elb.enabled"):
        return settings.text("network.loadbalancer.basiczone.elb.network")
    return "false"
