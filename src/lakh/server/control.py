"""The control process: API, jobs, store, and the near end of the gateways' bus. A server may have several of it.

Its parent starts and watches it together with the gateways and reads one JSON line per event from `report`: how many
gateways are wanted, or that the server may stop.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

import msgspec
import uvloop

from lakh.base import log
from lakh.base.clock import SystemClock
from lakh.base.errors import LakhError
from lakh.bus.gateways import Gateways
from lakh.gateway.capacity import gateways_needed, gateways_wanted, open_files
from lakh.healing.certificates import Certificates
from lakh.healing.host_liveness import HostLiveness
from lakh.healing.reconciler import Healing
from lakh.http import commands
from lakh.http.edge import Edge
from lakh.jobs.cloud import Cloud
from lakh.resources.held import Held
from lakh.resources.host.index import HostIndex
from lakh.resources.management_server.address import ServerAddress
from lakh.resources.management_server.authority import Authority
from lakh.resources.management_server.draining import may_stop
from lakh.server import certificates
from lakh.server.agents import Agents
from lakh.server.cloud import open_cloud
from lakh.server.config import Configuration
from lakh.server.control_figures import ControlFigures
from lakh.server.figures import registry_of
from lakh.server.loop_lag import LoopLag
from lakh.server.several import Several
from lakh.server.strictness import begin, settings_for_gateways
from lakh.store.opening import open_store

logger = log.logger(__name__)

_PR_SET_PDEATHSIG = 1
_SWITCH_SECONDS = 0.0005
"""How long a thread that reads the store waits for the interpreter while the event loop is busy: the default of 5 ms,
paid at each of its steps, would be most of an answer's time."""
_FEW_COLLECTIONS = (50_000, 20, 100)
"""Hosts that connect leave objects that stay; walking those again and again was a sixth of the work of a storm."""
GROWTH_SECONDS = 1.0
"""A gateway takes some 500 agents in a second: 6,000 free places last for twelve."""
DRAINED_SECONDS = 1.0
"""How often it is looked at whether the server is to shut down; the answer of triggerShutdown is out by then."""


class Late:
    """The HostCaller handed out before the gateways' end exists: the cloud and the bus need each other."""

    gateways: Gateways

    async def call(self, host_id: int, commands: object, **options: object) -> object:
        return await self.gateways.call(host_id, commands, **options)  # type: ignore[arg-type]

    def is_connected(self, host_id: int) -> bool:
        return self.gateways.is_connected(host_id)

    def drop(self, host_id: int) -> None:
        self.gateways.drop(host_id)


@dataclass(frozen=True, slots=True)
class Place:
    """Which of the server's control processes this is, from 1; `first`: none was started before it."""

    number: int = 1
    first: bool = True


async def serve(config: Configuration, report: TextIO, place: Place) -> None:
    """Runs until SIGTERM or SIGINT. Raises LakhError for what an operator can mend (a taken port, a locked store)."""
    gc.disable()  # what is loaded now stays: walking it over and over would be a fifth of the start
    commands.load()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    clock = SystemClock()
    store = await open_store(config.store_url)
    several = Several(config, store, place.number, first=place.first) if config.controls > 1 else None
    if several is not None:
        await several.join()
    late = Late()
    cloud = await open_cloud(store, late, clock, config, several=several)  # type: ignore[arg-type]
    cloud.part(ServerAddress).use(config.advertised_host, config.agent_port)
    own = certificates.own_authority(Path(config.data_folder))
    if own is not None:
        cloud.part(Authority).use(own, all_pem=certificates.authorities_pem(Path(config.data_folder)))
    agents = Agents(cloud)
    gateways = late.gateways = agents.gateways = Gateways(settings_for_gateways(cloud), agents)
    index = cloud.part(HostIndex)
    await index.load()
    healing = Healing(cloud)
    await begin(cloud, gateways, partial(healing.signal, Certificates.name))
    gateways.listen(config.bus_path_of(place.number))
    lag = LoopLag()
    lag.start()
    figures = several.figures if several is not None else ControlFigures(cloud)
    registry = registry_of(cloud, gateways, agents, lag, figures)
    edge = Edge(cloud, registry=registry, metrics_from=config.metrics_from)
    port = await _open_ports(config, edge, several)
    _tell(report, gateways=config.gateways or gateways_needed(len(index.facts), open_files()), api_port=port)
    resumed = 0
    if several is not None:
        several.serve(gateways, healing)
    else:
        resumed = await cloud.worker.resume()
    logger.info("serving", api_port=port, agent_port=config.agent_port, hosts=len(index.facts), resumed_jobs=resumed)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_FEW_COLLECTIONS)
    gc.enable()
    healing.start()
    agents.on_absence = partial(healing.signal, HostLiveness.name)
    watch = asyncio.create_task(_watch_growth(config, index, gateways, report))
    telling = asyncio.create_task(_tell_connected(cloud, gateways, report))
    draining = asyncio.create_task(_tell_drained(cloud, report))
    held = asyncio.create_task(cloud.part(Held).load())
    await stopped.wait()
    draining.cancel()
    watch.cancel()
    telling.cancel()
    held.cancel()
    if several is not None:
        several.stop()
    await healing.stop()
    await edge.stop()
    await cloud.worker.stop()
    gateways.close()
    await store.close()
    if several is not None:
        several.close()


async def _open_ports(config: Configuration, edge: Edge, several: Several | None) -> int:
    """Opens the ports of the API and returns the one for everybody."""
    shared = several is not None
    if several is not None:
        several.share(edge.sessions)
        edge.dispatcher.before = several.caught_up
    port = await edge.start(config.api_host, config.api_port, shared=shared)
    if config.integration_port:
        await edge.start_integration(config.integration_port, config.integration_host, shared=shared)
    return port


async def _watch_growth(config: Configuration, index: HostIndex, gateways: Gateways, report: TextIO) -> None:
    """Asks for more gateways as hosts become known and agents connect."""
    files = open_files()
    wanted = gateways_needed(len(index.facts), files)
    while not config.gateways:
        await asyncio.sleep(GROWTH_SECONDS)
        figures = gateways.figures().values()
        connections = [int(values.get("lakh_gateway_connections", 0)) for values in figures]
        needed = gateways_wanted(len(index.facts), connections, wanted, files)
        if needed > wanted:
            wanted = needed
            logger.info("more gateways", wanted=wanted, connections=sum(connections))
            _tell(report, gateways=wanted)


async def _tell_connected(cloud: Cloud, gateways: Gateways, report: TextIO) -> None:
    """Says how many hosts are connected, once a second while that changes."""
    told = 0
    while True:
        await asyncio.sleep(1)
        connected = gateways.connected_hosts()
        if cloud.leads and connected != told:
            told = connected
            _tell(report, connected=connected)


async def _tell_drained(cloud: Cloud, report: TextIO) -> None:
    """Says that the server may stop, once its shutdown was triggered and it has no job left."""
    while True:
        await asyncio.sleep(DRAINED_SECONDS)
        if await may_stop(cloud):
            break
    logger.info("no job is left: the server shuts down as it was told")
    _tell(report, drained=1)


def _tell(report: TextIO, **facts: int) -> None:
    report.write(msgspec.json.encode(facts).decode() + "\n")
    report.flush()


def main(config: Configuration, report_descriptor: int, place: Place) -> int:
    """The process's body. Returns the exit code: 2 for what an operator can mend."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # no orphan serves on after its supervisor is killed
    sys.setswitchinterval(_SWITCH_SECONDS)
    log.configure(config.log_level, "control" if config.controls == 1 else f"control-{place.number}")
    Path(config.data_folder).mkdir(parents=True, exist_ok=True)
    with os.fdopen(report_descriptor, "w") as report:
        try:
            uvloop.run(serve(config, report, place))
        except LakhError as error:
            print(f"lakh server: {error}", file=sys.stderr)  # noqa: T201 - the operator's terminal
            return 2
    return 0
