"""`python -m lakh.seed.store_load`: how many deployments a second a store alone sustains.

Seeds a small installation, records what deployments on it write, and stores that again on a copy of the installation as
it was: the three transactions of each deployment one after the other, many deployments at once, no HTTP, no jobs, no
hosts. Writes one line of JSON, an Outcome. With `--store postgresql://…` the copy is there, in a database that must be
empty; else it is a file of the embedded store, as durable as a server's.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from lakh.base import log
from lakh.base.errors import LakhError
from lakh.lab.screen import Screen
from lakh.seed.recording import record
from lakh.seed.seeding import seed_store
from lakh.seed.size import Size
from lakh.server.config import Configuration
from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec, insert, select
from lakh.store.store import Store
from lakh.store.table import TABLES, Row

HOSTS: Final = 500
ROWS_AT_ONCE: Final = 500
_FILE: Final = "lakh.db"


class Label(msgspec.Struct):
    """Transactions of one label: how many, statements in each, ms from handing in to durable."""

    transactions: int
    statements: float
    p50_ms: float
    p99_ms: float


class Outcome(msgspec.Struct, kw_only=True):
    """What storing took. `statements`: (name, runs per deployment, ms of the clock per deployment), longest first."""

    deployments: int
    workers: int
    seconds: float
    cpu_seconds: float
    transactions: int
    commits: int
    statements_run: int
    round_trips: int
    labels: dict[str, Label]
    statements: list[tuple[str, float, float]]


async def measure(folder: Path, url: str, vms: int, workers: int, screen: Screen) -> Outcome:
    """Seeds, records, copies, stores. Raises LakhError."""
    screen.step(f"an installation of {HOSTS} hosts")
    config = Configuration(data_folder=str(folder), log_level="warning")
    size = Size(hosts=HOSTS, vms=0, accounts=10, networks=4, domains=0, zones=1, hosts_per_cluster=20)
    told = await seed_store(config, size, screen)
    before = folder / "before.db"
    await asyncio.to_thread(shutil.copy, folder / _FILE, before)
    screen.step(f"recording {vms:,} deployments")
    recorded = await _recorded(config, told, vms)
    screen.step("storing them again")
    if url:
        target = await open_store(url)
        source = await open_store(f"sqlite:///{before}")
        await copy(source, target)
        await source.close()
    else:
        target = await open_store(f"sqlite:///{before}")
    try:
        return await _store(target, recorded, workers)
    finally:
        await target.close()


async def _recorded(config: Configuration, told: dict[str, Any], vms: int) -> list[list[TxnSpec]]:
    store = await open_store(config.store_url)
    try:
        return await record(store, config, told, vms)
    finally:
        await store.close()


async def copy(source: Store, target: Store) -> None:
    """Every row of every table; the target's schema is there, and nothing in it."""
    for table in TABLES.values():
        rows: list[Row] = await source.rows(
            select(f"copy.{table.name}", table.row, "", full_scan="a copy has everything", kept=False)
        )
        put = insert(f"copy.{table.name}.insert", table.row)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            txn = TxnSpec("copy")
            for row in rows[start : start + ROWS_AT_ONCE]:
                txn.put(put, row)
            await target.submit(txn)


async def _store(store: Store, recorded: Sequence[Sequence[TxnSpec]], workers: int) -> Outcome:
    waiting = iter(recorded)
    taken: dict[str, list[float]] = {}
    before, cpu, began = store.counters(), time.process_time(), time.perf_counter()
    await asyncio.gather(*(_work(store, waiting, taken) for _ in range(workers)))
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    grown = {name: value - before.get(name, 0) for name, value in store.counters().items()}
    sizes: dict[str, list[int]] = {}
    for txns in recorded:
        for txn in txns:
            sizes.setdefault(txn.label, []).append(len(txn.steps))
    vms = max(1, sum(txns[0].label.startswith("deployVirtualMachine") for txns in recorded))  # networks are implemented
    statements = [
        (name[8:], grown[f"statement:{name[8:]}"] / vms, value * 1000 / vms)
        for name, value in grown.items()
        if name.startswith("seconds:") and value > 0
    ]
    return Outcome(
        deployments=vms,
        workers=workers,
        seconds=seconds,
        cpu_seconds=used,
        transactions=int(grown["transactions"]),
        commits=int(grown["commits"]),
        statements_run=int(grown["statements"]),
        round_trips=int(grown.get("round_trips", grown["statements"])),
        labels={
            label: Label(len(each), sum(sizes[label]) / len(sizes[label]), _ms(each, 0.5), _ms(each, 0.99))
            for label, each in sorted(taken.items())
        },
        statements=sorted(statements, key=lambda entry: -entry[2]),
    )


async def _work(store: Store, waiting: Iterator[Sequence[TxnSpec]], taken: dict[str, list[float]]) -> None:
    for txns in waiting:
        for txn in txns:
            began = time.perf_counter()
            await store.submit(txn)
            taken.setdefault(txn.label, []).append(time.perf_counter() - began)


def _ms(seconds: list[float], part: float) -> float:
    return round(sorted(seconds)[math.ceil(part * (len(seconds) - 1))] * 1000, 3)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 2 for what the caller can mend."""
    parser = argparse.ArgumentParser(
        prog="python -m lakh.seed.store_load", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--vms", type=int, default=5000, help="deployments (default %(default)s)")
    parser.add_argument("--workers", type=int, default=200, help="under way at once (default %(default)s)")
    parser.add_argument("--store", default="", help="postgresql://… instead of the embedded store")
    parser.add_argument("--folder", help="where the embedded store's files are for the time (default: a temporary one)")
    given = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    log.configure("warning", "store-load")
    try:
        with tempfile.TemporaryDirectory(prefix="lakh-store-", dir=given.folder) as folder:
            outcome = uvloop.run(measure(Path(folder), given.store, given.vms, given.workers, Screen()))
    except LakhError as error:
        sys.stderr.write(f"store_load: {error}\n")
        return 2
    sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
