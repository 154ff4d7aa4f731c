"""updatePod: name, state, subnet and system VM addresses of a pod."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.addressing import check_range, subnet_of
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.live import flag_state, live
from lakh.resources.pod.ranges import check_apart
from lakh.resources.pod.row import UPDATE, PodRow
from lakh.resources.pod.view import PodView, pod_view
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError

STATES = ("Enabled", "Disabled")


class UpdatePod(SyncCommand, roles=ADMIN, answer=PodView, event="POD.EDIT"):
    """Updates a Pod. What is not given stays as it is."""

    id: Id = param("the pod", required=True, entity="pod")
    name: str | None = param("new name, unique in the zone")
    gateway: str | None = param("gateway of the pod's subnet")
    netmask: str | None = param("netmask of the pod's subnet")
    startip: str | None = param("first address for system VMs")
    endip: str | None = param("last address for system VMs")
    allocationstate: str | None = param("Enabled or Disabled")

    async def run(self, call: Call) -> PodView:
        cloud = call.cloud
        row = await live(cloud, PodRow, self.id, "id")
        changed = msgspec.structs.replace(
            row,
            gateway=self.gateway or row.gateway,
            netmask=self.netmask or row.netmask,
            start_ip=self.startip or row.start_ip,
            end_ip=self.endip or row.end_ip,
        )
        if (changed.gateway, changed.netmask, changed.start_ip, changed.end_ip) != (
            row.gateway, row.netmask, row.start_ip, row.end_ip
        ):  # fmt: skip
            check_range(subnet_of(changed.gateway, changed.netmask), changed.gateway, changed.start_ip, changed.end_ip)
            await check_apart(cloud, changed)
        txn = TxnSpec("updatePod").add(
            UPDATE,
            row.id,
            self.name or None,
            self.gateway or None,
            self.netmask or None,
            self.startip or None,
            self.endip or None,
            flag_state("allocationstate", self.allocationstate, STATES),
        )
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Pod {row.name} updated", ("Pod", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(
                f"A pod with name {self.name} already exists in the zone; give another name"
            ) from taken
        await cloud.part(HostIndex).refresh_places()
        return await pod_view(cloud, row.id)
