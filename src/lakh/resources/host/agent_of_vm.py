"""The host row of a system VM's agent, tied to the VM by its name."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.host.connect import set_status
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.host.row import BY_NAMES, HostRow
from lakh.resources.vm.row import VmRow
from lakh.store.statement import TxnSpec, statement

REMOVE_AGENT = statement(
    "host.remove_agent",
    "UPDATE host SET status = 'Removed', removed_ms = $2 WHERE id = $1 AND type <> 'Routing' AND removed_ms IS NULL",
)


async def agent_of(cloud: Cloud, vm: VmRow) -> HostRow | None:
    """The row; None until the agent has connected once."""
    rows = await cloud.store.rows(BY_NAMES, [vm.instance_name])
    return next((row for row in rows if row.type != ROUTING), None)


async def disconnect_agent(cloud: Cloud, vm: VmRow) -> None:
    """The VM was stopped: its agent is Disconnected, which is no reason for alarm."""
    agent = await agent_of(cloud, vm)
    if agent is not None and agent.status != "Disconnected":
        await set_status(cloud, agent.id, "Disconnected", reason="its VM was stopped")


async def remove_agent(cloud: Cloud, vm: VmRow, txn: TxnSpec) -> None:
    """Adds the end of the row, for a VM that is gone for good."""
    agent = await agent_of(cloud, vm)
    if agent is not None:
        txn.add(REMOVE_AGENT, agent.id, cloud.now_ms(), expect=None)
        cloud.part(HostIndex).remove(agent.id)
