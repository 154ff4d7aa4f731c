"""listHypervisors: the hypervisors of a zone's clusters, or all that the setting `hypervisor.list` names."""

from __future__ import annotations

from lakh.catalogue.setting_value import listed
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.hypervisor.view import HypervisorView


class ListHypervisors(SyncCommand, answer=HypervisorView, envelope="list"):
    """Lists hypervisors."""

    zoneid: Id | None = param("the hypervisors that clusters of this zone have", entity="zone")

    async def run(self, call: Call) -> Listed:
        if self.zoneid is None or self.zoneid == -1:
            names = listed(call.cloud.part(Settings).text("hypervisor.list"))
        else:
            clusters = await call.cloud.snapshots.of(ClusterRow)
            names = tuple(dict.fromkeys(row.hypervisor for row in clusters if row.zone_id == self.zoneid))
        return Listed(len(names), [HypervisorView(name=name) for name in names])
