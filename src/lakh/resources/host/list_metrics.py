"""listHostsMetrics: the list with figures as people read them.

What hosts use, beyond what is allocated of them, is not collected: fields of use are left out, as CloudStack leaves
them out while it has no statistics of a host.
"""

from __future__ import annotations

from lakh.contract.declaration import ADMIN
from lakh.contract.view import widened
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.words import gigabytes, gigahertz, some_of, thresholds
from lakh.resources.command import Call, Listed
from lakh.resources.host.list_command import HostListCommand
from lakh.resources.host.row import HostRow
from lakh.resources.host.view import HostView
from lakh.resources.vm.on_hosts import Guests, guests_on_hosts


class HostMetricsView(HostView, kw_only=True):
    """A host with its figures in words. `instances` and `systeminstances` are running ones of all on the host."""

    powerstate: str | None = None
    instances: str | None = None
    systeminstances: str | None = None
    cputotalghz: str | None = None
    cpuallocatedghz: str | None = None
    memorytotalgb: str | None = None
    memoryallocatedgb: str | None = None
    cpuallocatedthreshold: bool | None = None
    cpuallocateddisablethreshold: bool | None = None
    memoryallocatedthreshold: bool | None = None
    memoryallocateddisablethreshold: bool | None = None

    OBJECT = "host"


class ListHostsMetrics(
    HostListCommand,
    roles=ADMIN,
    answer=HostMetricsView,
    since="4.9.3",
    java_class="org.apache.cloudstack.api.ListHostsMetricsCmd",
):
    """Lists hosts with metrics."""

    async def run(self, call: Call) -> Listed:
        count, rows, views = await self.listed(call)
        users, systems = await guests_on_hosts(call.cloud, [row.id for row in rows])
        answers = [
            _with_metrics(call.cloud, row, view, users.get(row.id, Guests()), systems.get(row.id, Guests()))
            for row, view in zip(rows, views, strict=True)
        ]
        return Listed(count, answers)


def _with_metrics(cloud: Cloud, row: HostRow, view: HostView, users: Guests, systems: Guests) -> HostMetricsView:
    metrics = widened(
        view,
        HostMetricsView,
        powerstate=view.outofbandmanagement.powerstate if view.outofbandmanagement else None,
        instances=some_of(*users),
        systeminstances=some_of(*systems),
    )
    if view.cpunumber is not None and view.cpuspeed is not None:
        metrics.cputotalghz = gigahertz(view.cpunumber * view.cpuspeed)
    if view.memorytotal is not None:
        metrics.memorytotalgb = gigabytes(view.memorytotal)
    if view.cpuallocatedvalue is None or view.memoryallocatedbytes is None:
        return metrics
    metrics.cpuallocatedghz = gigahertz(view.cpuallocatedvalue)
    metrics.memoryallocatedgb = gigabytes(view.memoryallocatedbytes)
    cpu = view.cpuallocatedvalue / (float(view.cpuwithoverprovisioning or 0) or 1)
    memory = view.memoryallocatedbytes / (int(view.memorywithoverprovisioning or 0) or 1)
    for field, exceeded in thresholds(cloud, cpu, memory, *_scopes(row)).items():
        setattr(metrics, field, exceeded)
    return metrics


def _scopes(row: HostRow) -> list[tuple[str, int]]:
    cluster = [("Cluster", row.cluster_id)] if row.cluster_id is not None else []
    return [*cluster, ("Zone", row.zone_id)]
