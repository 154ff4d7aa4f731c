"""Scenarios: what `lakh lab run` can do, and one run of one of them from the stand to the report.

A scenario is a function that drives a stand and fills figures; it decides nothing about them. A run ends inside 25
minutes whatever happens (one that was asked to last longer: 15 minutes after that), and a run that breaks writes what
it has and fails.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop

from lakh.base.errors import LakhError
from lakh.contract.client import ClientError
from lakh.lab import (
    addresses,
    config_cache,
    connect,
    controls,
    deploy,
    flap,
    hostile,
    lists,
    million,
    mixed,
    placement,
    plots,
    rolling,
    single_cluster,
    steady,
    storage_connect,
    store_alone,
    storm,
    workers,
)
from lakh.lab.reach import judge, reaches
from lakh.lab.report import Published, Report, baseline, machine, write
from lakh.lab.run import Parameters, Run
from lakh.lab.screen import Screen
from lakh.lab.stand import Stand

RUN_SECONDS: Final = 24 * 60.0
AROUND_SECONDS: Final = 15 * 60.0
"""What a run may take besides the seconds that it was asked to measure."""
_LOG_BYTES: Final = 4 << 20


_NOTHING: Final = Parameters()


@dataclass(frozen=True, slots=True)
class Scenario:
    """`reach` names the entry of reach.toml; `uses` the parameters that mean something to it; `own` are those it takes
    unless it is told."""

    name: str
    summary: str
    uses: tuple[str, ...]
    drive: Callable[[Run], Coroutine[Any, Any, None]]
    own: Parameters = _NOTHING
    published: tuple[Published, ...] = ()

    def filled(self, parameters: Parameters) -> Parameters:
        """The parameters with the scenario's own where none were given."""
        usual = Parameters(agents=1000, seconds=60)
        return Parameters(
            **{
                name: getattr(parameters, name) or getattr(self.own, name) or getattr(usual, name)
                for name in Parameters.__dataclass_fields__
            }
        )

    def reach(self, parameters: Parameters) -> str:
        if parameters.store_url or parameters.postgresql:
            return f"{self.name}-postgresql"
        if parameters.mutual_tls:
            return f"{self.name}-mutual-tls"
        return f"{self.name}-java" if parameters.behaviour == "java" else self.name

    def used(self, parameters: Parameters) -> dict[str, Any]:
        """The parameters that mean something to it and to its figures; mutual TLS, PostgreSQL and seeded VMs only
        where they are used."""
        told = {name: getattr(parameters, name) for name in self.uses if name not in _UNTOLD}
        for name in ("mutual_tls", "seeded"):
            if not told.get(name):
                told.pop(name, None)
        return told | {"store": "postgresql"} if parameters.store_url or parameters.postgresql else told


_UNTOLD: Final = ("store", "store_url", "postgresql")
_LONG: Final = Parameters(seconds=600)
_TALK: Final = Parameters(agents=50_000, clusters=2500, vms=10_000, workers=50)
_BLOCKS: Final = Parameters(agents=100_000, vms=20_000, workers=50)
_SIX: Final = Parameters(agents=50_000, vms=12_000)
_MIXED: Final = Parameters(agents=50_000, seconds=300, vms=5000, workers=50)
_CONTROLS: Final = Parameters(agents=5000, vms=9000, workers=50)
_CACHE: Final = Parameters(agents=1000, vms=3000, workers=50)
_MILLION: Final = Parameters(agents=100_000, vms=1_000_000, workers=50)
_STORE: Final = Parameters(vms=5000, workers=200)
_HOSTS_25K: Final = Parameters(agents=25_000)
_KEPT: Final = ("store", "postgresql", "store_url")
_DEPLOY: Final = ("agents", "processes", "vms", "workers")

SCENARIOS: Final[Mapping[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        Scenario("connect", connect.SUMMARY, ("agents", "processes", "mutual_tls"), connect.drive),
        Scenario("steady", steady.SUMMARY, ("agents", "seconds", "processes"), steady.drive),
        Scenario("storm", storm.SUMMARY, ("agents", "processes", "behaviour", "mutual_tls"), storm.drive),
        Scenario("rolling", rolling.SUMMARY, ("agents", "processes", "behaviour"), rolling.drive),
        Scenario("hostile", hostile.SUMMARY, ("agents", "processes"), hostile.drive),
        Scenario(
            "storage-connect", storage_connect.SUMMARY, ("agents", "processes", "behaviour"), storage_connect.drive
        ),
        Scenario("flap", flap.SUMMARY, ("agents", "seconds", "processes", "behaviour"), flap.drive, _LONG),
        Scenario("deploy", deploy.SUMMARY, (*_DEPLOY, "clusters"), deploy.drive, _TALK, deploy.PUBLISHED),
        Scenario("single-cluster", single_cluster.SUMMARY, (*_DEPLOY, "clusters"), single_cluster.drive, _BLOCKS),
        Scenario(
            "million",
            million.SUMMARY,
            (*_DEPLOY, "seeded", "store", "postgresql", "store_url"),
            million.drive,
            _MILLION,
        ),
        Scenario(
            "store", store_alone.SUMMARY, ("vms", "workers", "postgresql", "store_url"), store_alone.drive, _STORE
        ),
        Scenario("workers", workers.SUMMARY, ("agents", "processes", "vms"), workers.drive, _SIX),
        Scenario("controls", controls.SUMMARY, _DEPLOY, controls.drive, _CONTROLS),
        Scenario("mixed", mixed.SUMMARY, (*_DEPLOY, "seconds"), mixed.drive, _MIXED),
        Scenario("config-cache", config_cache.SUMMARY, _DEPLOY, config_cache.drive, _CACHE),
        Scenario("lists", lists.SUMMARY, ("agents", "vms", *_KEPT), lists.drive, _MILLION),
        Scenario("placement", placement.SUMMARY, ("agents",), placement.drive, Parameters(agents=100_000)),
        Scenario("addresses", addresses.SUMMARY, ("vms",), addresses.drive, Parameters(vms=1_000_000)),
        Scenario("six-lists", lists.SUMMARY_SIX, ("agents", *_KEPT), lists.drive_six, _HOSTS_25K, lists.PUBLISHED_SIX),
    )
}


def run(name: str, parameters: Parameters, out: Path) -> Report:
    """Runs a scenario, writes its report to the folder `out`, and returns it."""
    return uvloop.run(_run(SCENARIOS[name], parameters, out))


async def _run(scenario: Scenario, parameters: Parameters, out: Path) -> Report:
    parameters = scenario.filled(parameters)
    limit_seconds = max(RUN_SECONDS, parameters.seconds + AROUND_SECONDS if "seconds" in scenario.uses else 0.0)
    screen = Screen()
    folder = _folder(parameters.store)
    stand = Stand(folder, parameters.agents, parameters.processes, screen)
    report = Report(
        scenario=scenario.name, parameters=scenario.used(parameters), machine=machine(), figures={}, checks=[]
    )
    report.published = list(scenario.published)
    reach = reaches().get(scenario.reach(parameters))
    work = Run(parameters, stand, report.figures, bounds={} if reach is None else reach.checks)
    notes = asyncio.create_task(stand.note())
    began = time.monotonic()
    driving = asyncio.create_task(scenario.drive(work))
    try:
        with _stopped_by_signals(driving):
            await asyncio.wait_for(driving, limit_seconds)
    except TimeoutError:
        report.failure = f"not at its end after {limit_seconds:g} s"
    except asyncio.CancelledError:
        report.failure = "interrupted"
    except (LakhError, ClientError) as error:
        report.failure = str(error)
    finally:
        notes.cancel()
        await stand.close()
    work.figure("run_seconds", time.monotonic() - began, "s")
    if reach is not None:
        report.checks = judge(
            reach,
            parameters.agents,
            report.figures,
            parameters.seconds,
            parameters.vms if work.reached is None else work.reached,
        )
    report.compared = baseline(report)
    report.statements, report.timings = work.statements, work.timings
    write(report, out, _plots(work, scenario.name))
    _leave(report, folder, out, screen)
    if not parameters.store:
        shutil.rmtree(folder, ignore_errors=True)
    return report


@contextmanager
def _stopped_by_signals(driving: asyncio.Task[None]) -> Iterator[None]:
    """Within it, Ctrl-C and SIGTERM (of `timeout`, of a CI that gives up) end the run in order: nobody else would stop
    its server, fleet and store. Whoever cannot wait sends it twice."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        leave()
        driving.cancel()

    def leave() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        leave()


def _folder(kept: str) -> Path:
    """The one that was asked for, or one that nobody keeps."""
    if not kept:
        return Path(tempfile.mkdtemp(prefix="lakh-lab-"))
    folder = Path(kept).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _plots(work: Run, name: str) -> dict[str, bytes]:
    hosts = {series: points for series, points in work.stand.series.items() if not series.startswith("cpu")}
    used = {series: points for series, points in work.stand.series.items() if series.startswith("cpu")}
    made = {label: chart.png() for label, chart in work.charts.items()}
    if hosts:
        made["hosts"] = plots.lines(f"{name}: hosts", "hosts", hosts)
    if used:
        made["cpu"] = plots.lines(f"{name}: processor time", "% of a core", used)
    return made


def _leave(report: Report, folder: Path, out: Path, screen: Screen) -> None:
    """Says where the report is; keeps the ends of the logs of a run that broke or missed something beside it."""
    if report.failure is not None:
        screen.say(f"lakh lab: {report.failure}")
    if report.failure is not None or any(check.ok is False for check in report.checks):
        for log in (folder / "server" / "server.log", folder / "fleet.log"):
            if log.exists():
                with log.open("rb") as file:
                    file.seek(max(0, log.stat().st_size - _LOG_BYTES))
                    (out / log.name).write_bytes(file.read())
    for check in report.checks:
        verdict = {True: "ok", False: "FAILED", None: "not judged"}[check.ok]
        screen.detail(f"{verdict:10}  {check.name}: {check.value} (reach {check.reach})")
    screen.say(f"report: {out / 'report.html'}")
