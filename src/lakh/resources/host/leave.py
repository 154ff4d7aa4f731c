"""Hosts whose session ended or whose pings stopped: what their status becomes, and one event for all of them.

A clean shutdown is Disconnected at once. A lost link says nothing about the host: its status stays, it takes no new
VMs meanwhile, and host liveness (healing) decides after `alert.wait`.
"""

from __future__ import annotations

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.resources.host.connect import set_status
from lakh.resources.host.index import ROUTING, HostFact, HostIndex

log = logger(__name__)


async def leave(cloud: Cloud, host_ids: list[int], reason: str) -> None:
    """Follows the loss of `host_ids`. `reason` as in bus AgentGone, or ping-timeout."""
    index = cloud.part(HostIndex)
    log.info("hosts away", count=len(host_ids), reason=reason)
    for host_id in host_ids:
        fact = index.facts.get(host_id)
        if fact is None:
            continue
        if reason == "shutdown":
            await set_status(cloud, host_id, "Disconnected", reason="the agent was stopped")
        elif fact.type != ROUTING and fact.status in ("Up", "Connecting"):
            await _system_vm_left(cloud, fact, reason)


async def _system_vm_left(cloud: Cloud, fact: HostFact, reason: str) -> None:
    """Nobody investigates system VMs: silent ones are Disconnected, others Alert until they are back (addendum 3.4)."""
    if reason == "ping-timeout":
        await set_status(cloud, fact.id, "Disconnected", reason="its agent no longer pings")
    elif not fact.connected:  # it may be back by now
        await set_status(cloud, fact.id, "Alert", reason="the connection with its agent was lost")
