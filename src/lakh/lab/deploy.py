"""Scenario `deploy`: W workers deploy N VMs on a connected fleet, and the agents prove it."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from lakh.lab.costs import server_seconds, statement_costs, tell
from lakh.lab.deploying import Block, Samples, block, proven, ready
from lakh.lab.plots import Chart
from lakh.lab.report import Published
from lakh.lab.run import Run

SUMMARY: Final = "W workers deploy N VMs: rate, CPU of each part per VM, SQL, requests to hosts, memory, proof"
_OPENSTACK: Final = (
    "OpenStack performance docs, 1000 Compute nodes fake driver, Mitaka on 26 servers (Rally's load_duration)"
)
PUBLISHED: Final = (
    Published("OpenStack: 10,000 boots by 50 workers, 1,000 fake computes, each deleted", 1841, "s", _OPENSTACK),
    Published("the same, each followed by a list, the VMs kept", 5629, "s", _OPENSTACK),
    Published(
        "Kubernetes: Pods a second on 130,000 nodes", 1000, "1/s",
        "Google Cloud, Building the largest known Kubernetes cluster, with 130,000 nodes, 2025",
    ),
    Published(
        "Nomad: a million containers scheduled on 5,000 hosts by five servers", 3750, "1/s",
        "HashiCorp, The Million Container Challenge, 2016",
    ),
)  # fmt: skip
_PARTS: Final = (("p50", 50), ("p95", 95), ("p99", 99))


async def drive(run: Run) -> None:
    """Fills the figures."""
    stand, asked = run.stand, run.parameters
    clusters = asked.clusters or math.ceil(stand.agents / 20)
    ground = await ready(run, hosts_per_cluster=max(1, math.ceil(stand.agents / clusters)))
    try:
        stand.screen.step(f"deploying {asked.vms:,} VMs with {asked.workers} workers")
        samples = Samples(run)
        sampling = asyncio.create_task(samples.take())
        try:
            done = await block(run, ground, "vm", asked.vms, asked.workers)
        finally:
            sampling.cancel()
        run.figure("deploy_seconds", done.outcome.seconds, "s")
        run.figure("deploys_per_second", done.rate, "1/s")
        for label, percent in _PARTS:
            run.figure(f"vm_seconds_{label}", done.outcome.percentile(percent), "s")
            run.figure(f"server_seconds_{label}", server_seconds(done.before, done.after, percent / 100), "s")
        tell(run, done.cost)
        run.statements = statement_costs(done.before, done.after, done.outcome.deployed)
        _growth(run, done)
        samples.tell()
        for part, megabytes in stand.memory().items():
            run.figure(f"memory_{part}", megabytes, "MB")
        await proven(run, ground)
    finally:
        await ground.user.close()


def _growth(run: Run, done: Block) -> None:
    """Does it slow down? The last fifth of the VMs against the first, and the charts."""
    reached = done.outcome.reached
    fifth = len(reached) // 5
    if fifth:
        first, last = reached[fifth - 1][1], reached[-1][1] - reached[-1 - fifth][1]
        run.figure("last_fifth_to_first", last / max(first, 1e-9), "")
    taken = done.outcome.taken.get("deployVirtualMachine", [])
    run.charts["vms"] = Chart("time against number of VMs", "s", {"seconds": reached}, "VMs deployed")
    run.charts["each"] = Chart(
        "each VM, from the request to the poll that saw its end", "s", {"seconds": list(enumerate(taken, 1))}, "VM"
    )
