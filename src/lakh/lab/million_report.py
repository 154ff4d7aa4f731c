"""Figures and plots of the scenario `million`: of this run, and of all runs so far against the number of VMs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import median
from typing import Final

from lakh.lab.plots import Chart
from lakh.lab.progress import BlockRecord, Progress
from lakh.lab.run import Run

ENDS: Final = 5
"""Blocks at either end whose medians are compared."""
PER_VM_FROM: Final = 20_000
"""VMs from which on the fleet's memory is divided by them: below, what processes take at random outweighs it."""


def tell(run: Run, progress: Progress) -> None:
    """Figures of the run's own part, of all parts, and the charts."""
    blocks = progress.blocks
    run.reached = blocks[-1].last if blocks else 0
    run.figure("runs", progress.runs, "")
    run.figure("vms", run.reached, "")
    if not blocks:
        return
    part = progress.parts[-1]
    if part.number == progress.runs and part.blocks:
        _part(run, part.first, part.blocks)
    _all(run, progress, blocks)
    _charts(run, blocks)


def _part(run: Run, first: int, blocks: Sequence[BlockRecord]) -> None:
    """What this run did."""
    vms = sum(block.vms for block in blocks)
    run.figure("part_from", first, "")
    run.figure("part_to", blocks[-1].last, "")
    run.figure("deploys_per_second", vms / max(1e-9, sum(block.seconds for block in blocks)), "1/s")
    for row in blocks[0].cpu_ms:
        run.figure(f"cpu_{row}", sum(block.cpu_ms[row] * block.vms for block in blocks) / max(1, vms), "ms per VM")
    measured: dict[str, tuple[str, Callable[[BlockRecord], float]]] = {
        "cpu": ("ms per VM", lambda block: block.cpu_ms_all),
        "sql_statements": ("per VM", lambda block: block.statements),
        "transactions": ("per VM", lambda block: block.transactions),
        "host_requests": ("per VM", lambda block: block.host_requests),
    }
    for name, (unit, value) in measured.items():
        run.figure(name, sum(value(block) * block.vms for block in blocks) / max(1, vms), unit)
    run.figure("server_seconds_p50", median(block.server_seconds_p50 for block in blocks), "s")
    run.figure("server_seconds_p99", max(block.server_seconds_p99 for block in blocks), "s")


def _all(run: Run, progress: Progress, blocks: Sequence[BlockRecord]) -> None:
    """What all runs did, and whether it stayed the same."""
    run.figure("deploy_seconds", sum(block.seconds for block in blocks), "s")
    run.figure("failures", sum(block.failed for block in blocks), "")
    run.figure("server_memory", max(block.server_mb for block in blocks) / 1000, "GB")
    run.figure("fleet_memory", max(block.fleet_mb for block in blocks) / 1000, "GB")
    run.figure("machine_memory", max(block.machine_gb for block in blocks), "GB")
    if not progress.seeded and blocks[-1].last >= PER_VM_FROM:
        run.figure("fleet_bytes_per_vm", blocks[-1].fleet_bytes_per_vm, "bytes")
    first, last = blocks[:ENDS], blocks[-ENDS:]
    values: dict[str, Callable[[BlockRecord], float]] = {
        "cpu": lambda block: block.cpu_ms_all,
        "sql_statements": lambda block: block.statements,
        "deploys_per_second": lambda block: block.rate,
    }
    for name, value in values.items():
        begin, end = (median(map(value, some)) for some in (first, last))
        run.figure(f"{name}_apart", abs(end / max(begin, 1e-9) - 1) * 100, "%")


def _charts(run: Run, blocks: Sequence[BlockRecord]) -> None:
    across = "VMs"
    at = [float(block.last) for block in blocks]

    def line(value: Callable[[BlockRecord], float]) -> list[tuple[float, float]]:
        return [(x, value(block)) for x, block in zip(at, blocks, strict=True)]

    def chart(title: str, unit: str, **series: Callable[[BlockRecord], float]) -> Chart:
        return Chart(title, unit, {name.replace("_", " "): line(value) for name, value in series.items()}, across)

    passed = list(accumulate(block.seconds for block in blocks))
    run.charts["vms"] = Chart(
        "time against number of VMs", "s", {"seconds": list(zip(at, passed, strict=True))}, across
    )
    run.charts["rate"] = chart("deployments a second", "1/s", rate=lambda block: block.rate)
    rows = {row: line(lambda block, row=row: block.cpu_ms[row]) for row in blocks[0].cpu_ms}  # type: ignore[misc]
    run.charts["cost"] = Chart("CPU for each VM", "ms", {"all": line(lambda block: block.cpu_ms_all), **rows}, across)
    run.charts["sql"] = chart(
        "statements for each VM", "", statements=lambda b: b.statements, transactions=lambda b: b.transactions
    )
    run.charts["memory"] = chart(
        "memory", "GB", server=lambda b: b.server_mb / 1000, fleet=lambda b: b.fleet_mb / 1000,
        whole_machine=lambda b: b.machine_gb,
    )  # fmt: skip
    run.charts["accepted"] = chart(
        "from acceptance to end, in the server", "s", median=lambda b: b.server_seconds_p50,
        p99=lambda b: b.server_seconds_p99,
    )  # fmt: skip
