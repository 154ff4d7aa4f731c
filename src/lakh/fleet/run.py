"""Runs one process of a fleet: loop, signals, control socket, progress, statistics."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import uvloop

from lakh.agent.fake_storage import SharedStorage
from lakh.fleet.control import Control
from lakh.fleet.fleet import Fleet
from lakh.fleet.options import OptionError, Options
from lakh.fleet.output import Output

_SPARE_FILES = 100
_encode = msgspec.json.Encoder().encode


def run_process(options: Options) -> int:
    """Until SIGTERM, SIGINT or `stop` on the control socket. Raises OptionError when it cannot hold its agents."""
    raise_open_files(options.last - options.first + 1)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # many agents a turn; nobody is interrupted for us
    gc.set_threshold(50_000, 50, 1_000)  # agents live long; the default walks them all the time
    return uvloop.run(_run(options))


def raise_open_files(agents: int) -> None:
    """Each agent is an open file. Raises OptionError where the limit does not allow so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = agents + _SPARE_FILES
    if soft < needed and hard != soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft != resource.RLIM_INFINITY and soft < needed:
        raise OptionError(
            f"{agents} agents need {needed} open files and this process may have {soft}: "
            f"use --processes {-(-agents // max(1, soft - _SPARE_FILES))} or raise the limit (ulimit -n)"
        )


async def _run(options: Options) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if options.state is not None and options.shared is None:
        open_state(options)
    fleet = Fleet(options)
    control = Control(fleet, options.control, stopping.set) if options.control else None
    if control is not None:
        await control.start()
    told = asyncio.create_task(_tell(fleet, options))
    started = asyncio.create_task(fleet.start())
    await stopping.wait()
    started.cancel()
    told.cancel()
    await fleet.stop()
    if control is not None:
        await control.close()
    return 0


def open_state(options: Options) -> None:
    """What was kept is taken up: once for all processes, before any of them has a host."""
    assert options.state is not None
    options.state.mkdir(parents=True, exist_ok=True)
    SharedStorage(options.pool_bytes, options.state / "volumes").release_all()


async def _tell(fleet: Fleet, options: Options) -> None:
    """Once a second: a statistics line where one is wanted, and progress where somebody looks."""
    statistics = _statistics_output(options.statistics)
    progress = Output(2) if sys.stderr.isatty() and options.shared is None else None  # else the parent shows it
    total = options.last - options.first + 1
    try:
        while True:
            await asyncio.sleep(1.0)
            line = fleet.statistics.line()
            if progress is not None:
                progress.write(progress_line(line, total).encode())
            if statistics is not None:
                line = {"time": round(time.time(), 3), "memory_mb": memory_mb(), "cpu_seconds": cpu_seconds(), **line}
                statistics.write(_encode(line) + b"\n")
    finally:
        if progress is not None:
            progress.write(b"\n")
        for output in (statistics, progress):
            if output is not None:
                output.close()


def _statistics_output(where: str) -> Output | None:
    if not where:
        return None
    if where == "-":
        return Output(1)
    return Output(os.open(where, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644))


def progress_line(line: Mapping[str, Any], total: int) -> str:
    """One line for a terminal, written over the last one."""
    connected = int(line["connected"])
    filled = 30 * connected // max(1, total)
    bar = "█" * min(30, filled) + "·" * (30 - min(30, filled))
    return (
        f"\r{bar} {connected:,}/{total:,} connected · {line['dialling']} dialling · {line['waiting']} waiting · "
        f"{line['answers']:,} answers · {line['failed_answers']:,} refused \x1b[K"
    )


def memory_mb() -> float:
    """Resident memory of this process, in MiB."""
    with open("/proc/self/statm", "rb") as file:
        return round(int(file.read().split()[1]) * resource.getpagesize() / (1 << 20), 1)


def cpu_seconds() -> float:
    """CPU time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round(used.ru_utime + used.ru_stime, 3)
