"""Hosts whose session ended or whose pings stopped: what their status becomes, and one event for all of them.

A clean shutdown is Disconnected at once. A lost link says nothing about the host: its status stays, it takes no new
VMs meanwhile, and host liveness (healing) decides after `alert.wait`.
"""

from __future__ import annotations

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.resources.host.connect import set_status
from lakh.resources.host.index import HostIndex

log = logger(__name__)


async def leave(cloud: Cloud, host_ids: list[int], reason: str) -> None:
    """Follows the loss of `host_ids`. `reason` as in bus AgentGone, or ping-timeout."""
    index = cloud.part(HostIndex)
    log.info("hosts away", count=len(host_ids), reason=reason)
    if reason != "shutdown":
        return
    for host_id in host_ids:
        if host_id in index.facts:
            await set_status(cloud, host_id, "Disconnected", reason="the agent was stopped")
