"""What listVirtualMachines and its metrics have in common: every filter of the API as one table."""

from __future__ import annotations

from typing import Any

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids, Pairs, Strings
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.listing import Listing
from lakh.resources.nic.row import NicRow
from lakh.resources.searching import Searched
from lakh.resources.tag.row import pairs_of
from lakh.resources.vm.held import VMS
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.views import LEVELS, levels_of, user_vm_views

_LIKE = r"LIKE $ ESCAPE '\'"
_NAMES = f"LOWER(name) {_LIKE} OR LOWER(display_name) {_LIKE} OR '%' || LOWER(state) || '%' = $"

LISTING = Listing(
    VmRow,
    {
        "id": "id = $",
        "ids": "id = ANY($)",
        "name": "name = $",
        "state": "state = $",
        "zoneid": "zone_id = $",
        "podid": "pod_id = $",
        "clusterid": "host_id IN (SELECT id FROM host WHERE cluster_id = $ AND removed_ms IS NULL)",
        "hostid": "host_id = $",
        "hypervisor": "LOWER(hypervisor) = LOWER($)",
        "arch": "arch = $",
        "templateid": "template_id = $",
        "isoid": "iso_id = $",
        "serviceofferingid": "service_offering_id = $",
        "userid": "user_id = $",
        "groupid": "group_id = $",
        "userdataid": "user_data_id = $",
        "haenable": "ha_enabled = $",
        "displayvm": "display_vm = $",
        "keypair": r"',' || key_pairs || ',' LIKE $ ESCAPE '\'",
        "networkid": "id IN (SELECT vm_id FROM nic WHERE network_id = $ AND removed_ms IS NULL)",
        "vpcid": "id IN (SELECT vm_id FROM nic WHERE removed_ms IS NULL AND network_id IN"
        " (SELECT id FROM network WHERE vpc_id = $))",
        "isolated": "id IN (SELECT vm_id FROM nic WHERE removed_ms IS NULL AND network_id IN"
        " (SELECT id FROM network WHERE guest_type = 'Isolated' AND removed_ms IS NULL))",
        "shared": "id IN (SELECT vm_id FROM nic WHERE removed_ms IS NULL AND network_id IN"
        " (SELECT id FROM network WHERE guest_type = 'Shared' AND removed_ms IS NULL))",
        "storageid": "id IN (SELECT vm_id FROM volume WHERE pool_id = $ AND removed_ms IS NULL)",
        "securitygroupid": "id IN (SELECT vm_id FROM security_group_vm WHERE group_id = $)",
        "affinitygroupid": "id IN (SELECT vm_id FROM affinity_group_vm WHERE group_id = $)",
        "tags": "id IN (SELECT resource_id FROM resource_tag WHERE resource_type = 'UserVm' AND pair = ANY($))",
        "present": "state NOT IN ('Destroyed', 'Expunging')",
        "none": "FALSE",
        "keyword": f"({_NAMES} OR id IN (SELECT vm_id FROM nic WHERE removed_ms IS NULL AND ip {_LIKE}))",
        "keyword_of_root": f"({_NAMES} OR LOWER(instance_name) {_LIKE}"
        f" OR id IN (SELECT vm_id FROM nic WHERE removed_ms IS NULL AND ip {_LIKE}))",
    },
    always="removed_ms IS NULL AND type = 'User'",
    holds=VMS,
    by_index=("name",),
    searches={
        "keyword": Searched(VmRow, "name", "display_name", equal=("state",), addresses=NicRow),
        "keyword_of_root": Searched(
            VmRow, "name", "display_name", "instance_name", equal=("state",), addresses=NicRow
        ),
    },
)  # fmt: skip


class VmListCommand(OwnedListCommand, abstract=True):
    """A list of user VMs, with all its filters."""

    id: Id | None = param("this Instance only", entity="vm")
    ids: Ids = param("these Instances; not together with id", entity="vm", since="4.4")
    name: str | None = param("Instances of this name")
    state: str | None = param("Instances in this state")
    details: Strings = param(f"which details to answer: {', '.join(LEVELS)}; all by default")
    zoneid: Id | None = param("Instances of this zone", entity="zone")
    podid: Id | None = param("Instances of this pod", entity="pod", roles=["Admin"])
    clusterid: Id | None = param(
        "Instances on hosts of this cluster", entity="cluster", since="4.16.0", roles=["Admin"]
    )
    hostid: Id | None = param("Instances on this host", entity="host", roles=["Admin"])
    storageid: Id | None = param("Instances with a disk on this pool", entity="storage_pool", roles=["Admin"])
    hypervisor: str | None = param("Instances of this hypervisor")
    arch: str | None = param("Instances of this CPU architecture", since="4.20.1")
    templateid: Id | None = param("Instances made of this template", entity="template")
    isoid: Id | None = param("Instances with this ISO attached", entity="template")
    serviceofferingid: Id | None = param("Instances of this offering", entity="service_offering", since="4.4")
    networkid: Id | None = param("Instances with a NIC in this network", entity="network")
    vpcid: Id | None = param("Instances with a NIC in a network of this VPC", entity="vpc")
    forvirtualnetwork: bool | None = param("Instances in isolated networks, or those in shared ones")
    securitygroupid: Id | None = param("Instances of this security group", entity="security_group", since="4.15")
    affinitygroupid: Id | None = param("Instances of this affinity group", entity="affinity_group")
    autoscalevmgroupid: Id | None = param(
        "Instances of this autoscaling group", entity="autoscale_vm_group", since="4.18.0"
    )
    backupofferingid: Id | None = param("Instances with this backup offering", entity="backup_offering", since="4.17")
    extensionid: Id | None = param("Instances of this extension", entity="extension", since="4.21.0")
    groupid: Id | None = param("Instances of this instance group", entity="instance_group")
    keypair: str | None = param("Instances that let this SSH key pair in")
    userid: Id | None = param("Instances this user deployed", entity="users")
    userdata: bool = param("answer the Instances' user data too", default=False, since="4.18.0.0")
    userdataid: Id | None = param("Instances with this registered user data", entity="user_data", since="4.20.1")
    haenable: bool | None = param("highly available Instances, or the others", since="4.15")
    displayvm: bool | None = param("Instances shown to their owners, or hidden ones", since="4.4", roles=["Admin"])
    gpuenabled: bool | None = param("Instances with a GPU; there are none", since="4.21.0")
    isvnf: bool | None = param("network function Instances; there are none", since="4.19.0")
    leased: bool | None = param("leased Instances; there are none", since="4.21.0")
    accumulate: bool = param("sum statistics up instead of answering the last ones", default=False, since="4.17.0")
    retrieveonlyresourcecount: bool = param("answer the count only", default=False)
    showicon: bool = param("with icons", default=False, since="4.16.0.0")
    tags: Pairs = param("Instances with one of these tags")

    async def listed(self, call: Call) -> Listed:
        """The asked page. Raises ParameterError, PermissionDeniedError."""
        if self.id is not None and self.ids:
            raise ParameterError("Specify either id or ids but not both parameters")
        if unknown := [level for level in self.details if level not in LEVELS]:
            raise ParameterError(f"details: {unknown[0]!r} is unknown; give any of {', '.join(LEVELS)}")
        details = levels_of(self.details)
        window = self.window()
        scope = await owned_scope(call, self, by_id=self.id is not None or bool(self.ids))
        filters = self._filters(call)
        if self.retrieveonlyresourcecount:
            return Listed(await LISTING.count(call.cloud, scope, filters), [])
        count, rows = await LISTING.page(call.cloud, scope, filters, None, window)
        return Listed(count, list(await user_vm_views(call.cloud, rows, call.caller, details, user_data=self.userdata)))

    def _filters(self, call: Call) -> dict[str, Any]:
        direct = (
            "id", "name", "state", "zoneid", "podid", "clusterid", "hostid", "storageid", "hypervisor", "arch",
            "templateid", "isoid", "serviceofferingid", "networkid", "vpcid", "affinitygroupid", "groupid", "userid",
            "userdataid", "haenable", "displayvm", "securitygroupid",
        )  # fmt: skip
        filters: dict[str, Any] = {name: getattr(self, name) for name in direct}
        filters["ids"] = self.ids or None
        filters["keypair"] = f"%,{_literal(self.keypair)},%" if self.keypair else None
        filters["isolated"] = self.forvirtualnetwork is True
        filters["shared"] = self.forvirtualnetwork is False
        filters["tags"] = pairs_of(self.tags)
        filters["none"] = bool(self.gpuenabled or self.isvnf or self.leased)
        if self.keyword:
            name = "keyword_of_root" if call.caller.is_root_admin else "keyword"
            filters[name] = f"%{self.keyword.lower()}%"
        if not call.caller.is_admin:
            filters["displayvm"] = True
            filters["present"] = not call.cloud.part(Settings).flag(
                "allow.user.view.destroyed.vm", ("Account", call.caller.account_id)
            )
        return filters


def _literal(text: str) -> str:
    """Text in which LIKE sees no wildcard."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
