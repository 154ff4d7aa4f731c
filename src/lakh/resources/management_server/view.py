"""Management servers as the API shows them."""

from __future__ import annotations

import platform
from typing import Annotated, ClassVar

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.management_server.row import ManagementServerRow

Enum = Annotated[str, msgspec.Meta(extra={"type": "enum"})]


class ManagementServerView(View):
    """Counts of agents and jobs are known of the answering server only."""

    OBJECT: ClassVar[str] = "managementserver"

    id: str | None = None
    name: str | None = None
    state: Enum | None = None
    version: str | None = None
    osdistribution: str | None = None
    kernelversion: str | None = None
    lastserverstart: ApiDate | None = None
    agents: list[str] | None = None
    agentscount: int | None = None
    lastagents: list[str] | None = None
    pendingjobscount: int | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


def management_server_view(cloud: Cloud, row: ManagementServerRow) -> ManagementServerView:
    """The view of one server."""
    view = ManagementServerView(
        id=row.uuid, name=row.name, state=row.state, version=row.version, lastserverstart=api_date(row.started_ms)
    )
    if row.id == cloud.server_id:
        connected = connected_hosts(cloud)
        view.osdistribution, view.kernelversion = platform.system(), platform.release()
        view.agents, view.agentscount, view.lastagents = connected[:AGENTS_SHOWN], len(connected), []
        view.pendingjobscount = cloud.worker.running
    return view


AGENTS_SHOWN = 500
"""Hosts named in one answer; the count says how many there are."""


def connected_hosts(cloud: Cloud) -> list[str]:
    """Uuids of the hosts whose agents this server reaches."""
    return [fact.uuid for fact in cloud.part(HostIndex).facts.values() if fact.connected]
