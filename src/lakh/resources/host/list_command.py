"""What listHosts and its metrics have in common: every filter of the API as one table."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.states import machine
from lakh.contract.declaration import param
from lakh.contract.types import Id, Strings
from lakh.resources.account.ownership import EVERYBODY
from lakh.resources.command import Call, ListCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.host.held import HOSTS as HELD
from lakh.resources.host.row import BY_ID, HostRow
from lakh.resources.host.view import HostView, checked_levels, host_views
from lakh.resources.listing import Listing
from lakh.resources.searching import Searched
from lakh.resources.vm.row import BY_ID as VM_BY_ID
from lakh.resources.vm.row import VmRow

TYPES = ("Routing", "SecondaryStorageVM", "ConsoleProxy", "Storage", "SecondaryStorage", "SecondaryStorageCmdExecutor")
HOSTS = Listing(
    HostRow,
    {
        "id": "id = $",
        "name": "name = $",
        "type": "type = $",
        "state": "status = $",
        "resourcestate": "resource_state = $",
        "zoneid": "zone_id = $",
        "podid": "pod_id = $",
        "clusterid": "cluster_id = $",
        "hypervisor": "hypervisor = $",
        "arch": "arch = $",
        "version": "version = $",
        "managementserverid": "management_server_id = $",
        "hahost": "id IN (SELECT host_id FROM host_tag WHERE tag = $)",
        "nohahost": "id NOT IN (SELECT host_id FROM host_tag WHERE tag = $)",
        "not": "id <> $",
        "none": "1 = 0",
    },
    keyword=("name", "status", "type", "version"),
    holds=HELD,
    by_index=("name",),
    searches={"keyword": Searched(HostRow, "name", containing=("status", "type", "version"))},
)  # fmt: skip


class HostListCommand(ListCommand, abstract=True):
    """A list of hosts, with all its filters."""

    id: Id | None = param("this host", entity="host")
    name: str | None = param("the hosts of this name")
    type: str | None = param("Routing, SecondaryStorageVM or ConsoleProxy")
    state: str | None = param("the hosts in this state, such as Up or Alert")
    resourcestate: str | None = param("the hosts in this resource state, such as Enabled or Maintenance")
    zoneid: Id | None = param("the hosts of this zone", entity="zone")
    podid: Id | None = param("the hosts of this pod", entity="pod")
    clusterid: Id | None = param("the hosts of this cluster", entity="cluster")
    hypervisor: str | None = param("the hosts of this hypervisor")
    arch: str | None = param("the hosts of this CPU architecture", since="4.20.1")
    version: str | None = param("the hosts whose agent has this version", since="4.20.3")
    managementserverid: Id | None = param(
        "the hosts that this server holds", entity="management_server", since="4.21.0"
    )
    hahost: bool | None = param("only hosts dedicated to HA by their tag, or only the others")
    outofbandmanagementenabled: bool | None = param("only hosts with out-of-band management, or only the others")
    outofbandmanagementpowerstate: str | None = param("the hosts in this power state")
    virtualmachineid: Id | None = param("the hosts that this instance could move to", entity="vm")
    details: Strings = param("what to answer: all, capacity, core, events, stats or min")

    async def listed(self, call: Call) -> tuple[int, list[HostRow], list[HostView]]:
        """(count, rows of the page, their views). Raises ParameterError."""
        levels, window = checked_levels(self.details), self.window()
        filters = {
            "id": self.id,
            "name": self.name,
            "type": _named(self.type, TYPES),
            "state": _named(self.state, machine("Host.Status").states),
            "resourcestate": _named(self.resourcestate, machine("Host.ResourceState").states),
            "zoneid": self.zoneid,
            "podid": self.podid,
            "clusterid": self.clusterid,
            "hypervisor": self.hypervisor.upper() if self.hypervisor else None,
            "arch": self.arch,
            "version": self.version,
            "managementserverid": self.managementserverid,
            "none": self._nowhere(),
        }
        if self.hahost is not None:
            filters["hahost" if self.hahost else "nohahost"] = call.cloud.part(Settings).text("ha.tag")
        vm = await self._vm(call)
        if vm is not None:
            filters |= {"not": vm.host_id, "clusterid": await _cluster_of(call, vm), "type": "Routing", "state": "Up"}
        count, rows = await HOSTS.page(call.cloud, EVERYBODY, filters, self.keyword, window)
        views = await host_views(call.cloud, rows, levels | ({"capacity"} if vm else set()))
        if vm is not None:
            for view in views:
                view.hasenoughcapacity = _has_room(view, vm)
                view.suitableformigration = view.hasenoughcapacity and view.resourcestate == "Enabled"
        return count, rows, views

    def _nowhere(self) -> bool:
        """True where a filter fits no host: none has out-of-band management."""
        power = self.outofbandmanagementpowerstate
        return self.outofbandmanagementenabled is True or (bool(power) and (power or "").lower() != "disabled")

    async def _vm(self, call: Call) -> VmRow | None:
        if self.virtualmachineid is None:
            return None
        vm = (await call.cloud.store.rows(VM_BY_ID, self.virtualmachineid))[0]
        if vm.state != "Running" or vm.host_id is None:
            raise ParameterError(f"Instance {vm.uuid} is {vm.state}; only a running one can move to another host")
        return vm


def _named(given: str | None, names: tuple[str, ...]) -> str | None:
    """CloudStack's spelling of a name given in any case; the given text where it is none, which fits nothing."""
    if not given:
        return None
    return next((name for name in names if name.lower() == given.lower()), given)


async def _cluster_of(call: Call, vm: VmRow) -> int | None:
    rows = await call.cloud.store.rows(BY_ID, vm.host_id)
    return rows[0].cluster_id if rows else None


def _has_room(view: HostView, vm: VmRow) -> bool:
    mhz = float(view.cpuwithoverprovisioning or 0) - (view.cpuallocatedvalue or 0)
    memory = int(view.memorywithoverprovisioning or 0) - (view.memoryallocatedbytes or 0)
    return mhz >= vm.cpus * vm.speed_mhz and memory >= vm.memory_mb << 20
