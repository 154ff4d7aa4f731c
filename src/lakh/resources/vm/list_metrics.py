"""listVirtualMachinesMetrics: the list with figures as people read them."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import widened
from lakh.resources.capacity.words import gigabytes, gigahertz
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
        return Listed(listed.count, [_with_metrics(view) for view in listed.views if isinstance(view, UserVmView)])


def _with_metrics(view: UserVmView) -> VmMetricsView:
    return widened(
        view,
        VmMetricsView,
        cputotal=gigahertz(view.cpunumber * view.cpuspeed, digits=1),
        memorytotal=gigabytes(view.memory << 20, "GiB"),
    )
