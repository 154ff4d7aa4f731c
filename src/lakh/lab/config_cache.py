"""Scenario `config-cache`: how often deployments retrieve settings and role permissions, and what that would cost
without caches.

Without a cache every retrieval reads the store, as a load does now; so a load's average is the time of a retrieval
without. With it, the loads that changes cause are shared by all retrievals. To have loads at all, a setting and a rule
of a role are changed again and again while VMs are deployed.
"""

from __future__ import annotations

import asyncio
from typing import Final

from lakh.lab.deploying import block, proven, ready
from lakh.lab.run import Run

SUMMARY: Final = "settings and role permissions: retrievals per VM, average time of one with caches and without"
CACHES: Final = ("settings", "role permissions")
CHANGE_SECONDS: Final = 1.0
_SETTING: Final = "expunge.interval"


async def drive(run: Run) -> None:
    """Fills the figures."""
    stand, asked = run.stand, run.parameters
    ground = await ready(run)
    try:
        stand.screen.step(f"{asked.vms:,} VMs with {asked.workers} workers while settings and rules change")
        changing = asyncio.create_task(_change(run))
        try:
            done = await block(run, ground, "vm", asked.vms, asked.workers)
        finally:
            changing.cancel()
        for cache in CACHES:
            hits, loads, seconds = (
                done.after.grown(done.before, f'lakh_cache_{what}_total{{cache="{cache}"}}')
                for what in ("hits", "loads", "load_seconds")
            )
            name = cache.replace(" ", "_")
            retrievals = hits + (loads if cache == "role permissions" else 0)  # who asks for a rule may have to load
            run.figure(f"{name}_retrievals", retrievals / max(done.outcome.deployed, 1), "per VM")
            run.figure(f"{name}_loads", loads, "")
            run.figure(f"{name}_average_without", seconds / max(loads, 1) * 1e6, "µs")
            run.figure(f"{name}_average_with", seconds / max(retrievals, 1) * 1e6, "µs")
        await proven(run, ground)
    finally:
        await ground.user.close()


async def _change(run: Run) -> None:
    """Changes a setting and a role's rule once a second, until cancelled."""
    admin = run.stand.admin
    made = await admin.call("createRole", name="lab", description="Of the lab", type="User")
    role, turn = made["role"]["id"], 0
    while True:
        turn += 1
        await admin.call("updateConfiguration", name=_SETTING, value=86400 + turn % 2)
        await admin.call("createRolePermission", roleid=role, rule=f"listLab{turn}", permission="allow")
        await asyncio.sleep(CHANGE_SECONDS)
