"""createPod: a pod in a zone, with the subnet of its hosts and the addresses for system VMs."""

from __future__ import annotations

from ipaddress import IPv4Address

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.resources.addressing import check_range, subnet_of
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.live import flag_state, live
from lakh.resources.pod.ranges import check_apart
from lakh.resources.pod.row import INSERT, PodRow
from lakh.resources.pod.view import PodView, pod_view
from lakh.resources.zone.row import LIVE as LIVE_ZONE
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError

STATES = ("Enabled", "Disabled")


class CreatePod(SyncCommand, roles=ADMIN, answer=PodView, event="POD.CREATE"):
    """Creates a new Pod."""

    zoneid: Id = param("the zone of the pod", required=True, entity="zone")
    name: str = param("name of the pod, unique in its zone", required=True)
    gateway: str | None = param("gateway of the pod's subnet; edge zones do without")
    netmask: str | None = param("netmask of the pod's subnet")
    startip: str | None = param("first address for system VMs")
    endip: str | None = param("last address for system VMs; the subnet's last when absent")
    allocationstate: str | None = param("Enabled or Disabled; Enabled when absent")
    storageaccessgroups: Strings = param("storage access groups of the pod's hosts", since="4.21.0")

    async def run(self, call: Call) -> PodView:
        cloud = call.cloud
        zone = await live(cloud, ZoneRow, self.zoneid, "zoneid")
        row = self._row(call, zone)
        await check_apart(cloud, row)
        txn = TxnSpec("createPod").add(LIVE_ZONE, zone.id).put(INSERT, row)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Pod {row.name} created", ("Pod", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(
                f"A pod with name {self.name} already exists in zone {zone.uuid}. Please specify a different pod name."
            ) from taken
        await cloud.part(HostIndex).refresh_places()
        return await pod_view(cloud, row.id)

    def _row(self, call: Call, zone: ZoneRow) -> PodRow:
        gateway, netmask, start_ip, end_ip = "", "", "", ""
        if self.gateway or self.netmask or self.startip or not zone.is_edge:
            for name in ("gateway", "netmask", "startip"):
                if not getattr(self, name):
                    raise ParameterError(f"Unable to execute API command createpod due to missing parameter {name}")
            gateway, netmask, start_ip = self.gateway or "", self.netmask or "", self.startip or ""
            subnet = subnet_of(gateway, netmask)
            end_ip = self.endip or str(IPv4Address(int(subnet.broadcast_address) - 1))
            check_range(subnet, gateway, start_ip, end_ip)
        return PodRow(
            id=call.cloud.id("pod"),
            uuid=call.cloud.uuid(),
            name=self.name,
            zone_id=zone.id,
            gateway=gateway,
            netmask=netmask,
            start_ip=start_ip,
            end_ip=end_ip,
            allocation_state=flag_state("allocationstate", self.allocationstate, STATES) or "Enabled",
            created_ms=call.cloud.now_ms(),
        )
