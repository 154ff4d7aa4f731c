"""Scenario `store`: what the store alone sustains, fed with what deployments write.

A process of its own records the TxnSpecs of real deployments and stores them again on a copy of the installation, three
transactions a deployment, with nothing else around: no HTTP, no jobs, no hosts. With `--postgresql` the copy lies in a
PostgreSQL of the run's own, with `--store-url` in a database that must be empty.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from lakh.lab.report import StatementCost
from lakh.lab.run import Run
from lakh.lab.stand import LabError

SUMMARY: Final = "the store alone: a deployment's three transactions without HTTP, jobs and hosts"


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when the process breaks."""
    told = await _measured(run)
    vms, seconds = told["deployments"], max(told["seconds"], 1e-9)
    run.figure("deployments_per_second", vms / seconds, "1/s")
    run.figure("store_seconds", told["seconds"], "s")
    run.figure("cpu", told["cpu_seconds"] * 1000 / max(1, vms), "ms per VM")
    run.figure("transactions", told["transactions"] / max(1, vms), "per VM")
    run.figure("sql_statements", told["statements_run"] / max(1, vms), "per VM")
    run.figure("round_trips", told["round_trips"] / max(1, vms), "per VM")
    run.figure("transactions_per_commit", told["transactions"] / max(1, told["commits"]), "")
    for label, of in told["labels"].items():
        command, _, step = label.partition(".")
        if command == "deployVirtualMachine":
            run.figure(f"{step}_statements", of["statements"], "")
            run.figure(f"{step}_p50", of["p50_ms"], "ms")
            run.figure(f"{step}_p99", of["p99_ms"], "ms")
    run.statements = [StatementCost(name, runs, ms) for name, runs, ms in told["statements"]]


async def _measured(run: Run) -> dict[str, Any]:
    """What the process told."""
    asked, folder = run.parameters, run.stand.folder
    arguments = ["--vms", str(asked.vms), "--workers", str(asked.workers), "--folder", str(folder)]
    if asked.postgresql:
        await run.stand.use_postgresql()
    if url := asked.store_url or run.stand.store_url:
        arguments += ["--store", url]
    log = folder / "store.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lakh.seed.store_load", *arguments, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=errors, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise LabError(f"the store's load ended with code {process.returncode}: {await _tail(log)}")
    told: dict[str, Any] = msgspec.json.decode(said)
    return told


async def _tail(log: Path) -> str:
    return (await asyncio.to_thread(log.read_text, errors="replace"))[-600:].strip()
