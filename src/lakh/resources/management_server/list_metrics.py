"""listManagementServersMetrics: the list with what the answering server knows of itself and its machine."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Annotated

import msgspec

from lakh.base.clock import api_date
from lakh.contract.declaration import ADMIN, param
from lakh.contract.view import ApiDate, Integer, widened
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.words import gigabytes
from lakh.resources.command import Call, Listed
from lakh.resources.management_server.list_command import ManagementServerListCommand
from lakh.resources.management_server.view import ManagementServerView

Doubles = Annotated[list[float], msgspec.Meta(extra={"type": "double[]"})]


class ManagementServerMetricsView(ManagementServerView, kw_only=True):
    """Of other servers only what the list itself says. `heapmemoryused` is the process's resident memory in bytes."""

    availableprocessors: Integer | None = None
    agentcount: Integer | None = None
    collectiontime: ApiDate | None = None
    dbislocal: bool | None = None
    usageislocal: bool | None = None
    heapmemoryused: int | None = None
    threadstotalcount: Integer | None = None
    systemloadaverages: Doubles | None = None
    systemmemorytotal: str | None = None
    systemmemoryfree: str | None = None

    OBJECT = "managementserver"


class ListManagementServersMetrics(
    ManagementServerListCommand,
    roles=ADMIN,
    answer=ManagementServerMetricsView,
    since="4.17.0",
    java_class="org.apache.cloudstack.api.ListMgmtsMetricsCmd",
):
    """Lists management servers with metrics."""

    system: bool | None = param("with figures of the machine too, unless false")

    async def run(self, call: Call) -> Listed:
        count, rows, views = await self.listed(call)
        answers = [widened(view, ManagementServerMetricsView) for view in views]
        for row, answer in zip(rows, answers, strict=True):
            if row.id == call.cloud.server_id:
                _add_own(call.cloud, answer)
                if self.system is not False:
                    _add_machine(answer)
        return Listed(count, answers)


def _add_own(cloud: Cloud, answer: ManagementServerMetricsView) -> None:
    answer.agentcount = answer.agentscount
    answer.collectiontime = api_date(cloud.now_ms())
    answer.usageislocal = False
    answer.dbislocal = True if cloud.store.dialect == "sqlite" else None
    answer.threadstotalcount = threading.active_count()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    answer.heapmemoryused = pages * os.sysconf("SC_PAGE_SIZE")


def _add_machine(answer: ManagementServerMetricsView) -> None:
    answer.availableprocessors = len(os.sched_getaffinity(0))
    answer.systemloadaverages = [round(average, 2) for average in os.getloadavg()]
    sizes = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    total, free = (int(sizes[name].split()[0]) << 10 for name in ("MemTotal", "MemAvailable"))
    answer.systemmemorytotal, answer.systemmemoryfree = gigabytes(total), gigabytes(free)
