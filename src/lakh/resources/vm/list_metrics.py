"""listVirtualMachinesMetrics: the list with figures as people read them."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, Listed
from lakh.resources.vm.list_command import VmListCommand
from lakh.resources.vm.view import UserVmView


class VmMetricsView(UserVmView, kw_only=True):
    """A user VM with its size in words."""

    cputotal: str | None = None
    memorytotal: str | None = None

    OBJECT = "virtualmachine"


class ListVirtualMachinesMetrics(
    VmListCommand,
    answer=VmMetricsView,
    since="4.9.3",
    java_class="org.apache.cloudstack.api.ListVMsMetricsCmdByAdmin",
):
    """Lists Instances with metrics."""

    clusterid: Id | None = param("Instances on this cluster's hosts", entity="cluster", roles=["Admin"])

    async def run(self, call: Call) -> Listed:
        listed = await self.listed(call)
        views = [self._with_metrics(view) for view in listed.views if isinstance(view, UserVmView)]
        return Listed(listed.count, list(views))

    def _with_metrics(self, view: UserVmView) -> VmMetricsView:
        fields = {name: getattr(view, name) for name in view.__struct_fields__}
        return VmMetricsView(
            **fields,
            cputotal=f"{view.cpunumber * view.cpuspeed / 1000:.2f} GHz",
            memorytotal=f"{view.memory / 1024:.2f} GB",
        )
