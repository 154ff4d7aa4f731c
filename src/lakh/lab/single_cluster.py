"""Scenario `single-cluster`: the same deployments in clusters of twenty and in one cluster, in alternated blocks.

One server has two zones: one of clusters of twenty (`--clusters`, half of the hosts unless told), and one whose
hosts are all in one cluster. What the machine does meanwhile falls on both.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final

from lakh.lab.deploying import Block, block, proven, ready
from lakh.lab.installation import Wanted
from lakh.lab.plots import Chart
from lakh.lab.run import Run
from lakh.lab.stand import LabError

SUMMARY: Final = "the same VMs in clusters of twenty and in one cluster, block by block: CPU, statements, rate"
BLOCKS: Final = 5
"""Of each kind."""
SMALL: Final = 20


async def drive(run: Run) -> None:
    """Fills the figures."""
    stand, asked = run.stand, run.parameters
    together = _together(stand.agents, asked.clusters)
    run.figure("hosts_in_one_cluster", together, "")
    ground = await ready(run, [Wanted(stand.agents - together, SMALL), Wanted(together, together)])
    try:
        many, one = ground.installation.zones
        each = max(1, asked.vms // (2 * BLOCKS))
        found: dict[str, list[Block]] = {"many": [], "one": []}
        pair = (("many", many), ("one", one))
        for number in range(1, BLOCKS + 1):
            for name, zone in pair if number % 2 else reversed(pair):  # neither profits from what grows or settles
                stand.screen.step(f"{each:,} VMs in {len(zone.clusters):,} clusters, block {number} of {BLOCKS}")
                found[name].append(await block(run, ground, f"{name}-{number}", each, asked.workers, zone))
        _tell(run, found)
        await proven(run, ground)
    finally:
        await ground.user.close()


def _together(agents: int, clusters: int) -> int:
    """Hosts of the one cluster. Raises LabError where clusters of twenty leave none."""
    if not clusters:
        return agents // 2
    if clusters * SMALL >= agents:
        raise LabError(f"--clusters {clusters:,} of {SMALL} hosts leave none of {agents:,}: give more --hosts")
    return agents - clusters * SMALL


def _tell(run: Run, found: dict[str, list[Block]]) -> None:
    measured: dict[str, tuple[str, Callable[[Block], float]]] = {
        "cpu": ("ms per VM", lambda b: b.cost.cpu_ms_all),
        "cpu_control": ("ms per VM", lambda b: b.cost.cpu_ms_control),
        "sql_statements": ("per VM", lambda b: b.cost.statements),
        "deploys_per_second": ("1/s", lambda b: b.rate),
    }
    for figure, (unit, value) in measured.items():
        medians = {}
        for name, blocks in found.items():
            values = [value(each) for each in blocks]
            medians[name] = median(values)
            run.figure(f"{figure}_{name}", medians[name], unit)
        apart = abs(medians["one"] / max(medians["many"], 1e-9) - 1) * 100
        run.figure(f"{figure}_apart", apart, "%")
    series = {
        {"many": "clusters of twenty", "one": "one cluster"}[name]: [
            (float(number), each.cost.cpu_ms_all) for number, each in enumerate(blocks, 1)
        ]
        for name, blocks in found.items()
    }
    run.charts["blocks"] = Chart("CPU for each VM, block by block", "ms", series, "block")
