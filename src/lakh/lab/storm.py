"""Scenario `storm`: kill -9 of every server process at once, a restart, and the whole fleet comes back."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from lakh.lab.machine import cpu_seconds
from lakh.lab.proof import listed
from lakh.lab.run import Run
from lakh.lab.stand import Probe, Stand

SUMMARY: Final = (
    "kill -9 of all server processes and a restart: seconds to all Up, no Alert, no VM changed, API meanwhile"
)
_UP_SECONDS, _BACK_SECONDS = 600.0, 400.0


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when not all hosts come Up again."""
    stand = run.stand
    await stand.start_server()
    await stand.lay()
    if run.parameters.mutual_tls:
        await stand.be_strict()
    stand.screen.step(f"connecting {stand.agents:,} agents")
    stand.start_fleet(behaviour=run.parameters.behaviour or "spread")
    await stand.all_up(time.monotonic(), _UP_SECONDS)
    if stand.mutual_tls:
        await stand.certificates_settled()
    before = await _vm_states(stand)
    stand.screen.step("kill -9 of all server processes, and a restart")
    await stand.kill_server()
    fleet_before = cpu_seconds(stand.fleet.pids()) if stand.fleet is not None else 0.0
    since = time.monotonic()
    await stand.start_server()
    run.figure("ready_seconds", time.monotonic() - since, "s")
    probe = Probe(stand.api_port)
    probing = asyncio.create_task(probe.run())
    try:
        run.figure("all_up_seconds", await stand.all_up(since, _BACK_SECONDS), "s")
    finally:
        probing.cancel()
    for process, seconds in stand.cpu().items():
        used = seconds - fleet_before if process == "fleet" else seconds
        run.figure(f"cpu_{process}", used * 1000 / stand.agents, "ms per host")
    after = await _vm_states(stand)
    run.figure("vms", len(before), "")
    run.figure("vm_states_changed", sum(after.get(vm) != state for vm, state in before.items()), "")
    run.figure("hosts_in_alert", await stand.listed(state="Alert"), "")
    for label, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        run.figure(f"api_{label}", probe.milliseconds(part), "ms")
    run.figure("api_errors", len(probe.errors), "")
    counts = await stand.metrics()
    run.figure("sql_statements", counts.get('lakh_store_total{what="statements"}', 0.0) / stand.agents, "per host")


async def _vm_states(stand: Stand) -> dict[str, str]:
    """State by id of user and system VMs."""
    found = await listed(stand.admin, "listVirtualMachines", "virtualmachine", listall=True)
    found += await listed(stand.admin, "listSystemVms", "systemvm")
    return {vm["id"]: vm["state"] for vm in found if vm["state"] in ("Running", "Stopped")}
