"""What every scenario stands on: a server and a fleet as processes of their own, somebody who uses the API meanwhile,
and somebody who notes the figures."""

from __future__ import annotations

import asyncio
import math
import os
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from lakh.base.errors import LakhError
from lakh.contract.client import Client, ClientError
from lakh.lab.installation import Installation, Wanted, build, furnish, lay, prepare
from lakh.lab.machine import cpu_seconds, memory_mb
from lakh.lab.postgresql import Postgresql
from lakh.lab.processes import Fleet, Server, free_port, port_is_free
from lakh.lab.screen import Screen

HOSTS_PER_CLUSTER = 100
AGENTS_PER_PROCESS = 17_000
"""A process may often open 20,000 files."""
CERTIFICATES_REQUIRED = 2
"""Of the metric lakh_client_certificates."""
_KEY, _SECRET = "lab-admin", "lab-admin-secret"
_PROBE_PAUSE_SECONDS = 0.05
_NOTE_SECONDS = 2.0
_PORT_SECONDS = 20.0
STRICT = "lakh_client_certificates"
UNRECORDED = 'lakh_host_certificates{what="not recorded yet"}'
CONNECTED = 'lakh_hosts_connected{type="Routing"}'


class LabError(LakhError):
    """A scenario did not come to where it had to; the text tells how far it came."""


@dataclass(slots=True)
class Probe:
    """Asks the API again and again: listZones and a page of listHosts in turn. Seconds, and errors in words."""

    port: int
    taken: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def run(self) -> None:
        client = Client("127.0.0.1", self.port, _KEY, _SECRET)
        try:
            while True:
                for command, parameters in (("listZones", {}), ("listHosts", {"page": 1, "pagesize": 20})):
                    began = time.monotonic()
                    try:
                        await client.call(command, **parameters)
                    except ClientError as error:
                        self.errors.append(f"{command}: {error}")
                    self.taken.append((began, time.monotonic() - began))
                    await asyncio.sleep(_PROBE_PAUSE_SECONDS)
        finally:
            await client.close()

    def milliseconds(self, part: float) -> float:
        ordered = sorted(seconds for _, seconds in self.taken)
        return round(ordered[math.ceil(part * (len(ordered) - 1))] * 1000, 2) if ordered else 0.0


class Stand:
    """Server and fleet of one run. Call `close` at the end."""

    def __init__(self, folder: Path, agents: int, processes: int, screen: Screen) -> None:
        self.folder = folder
        self.agents = agents
        self.processes = processes or max(1, math.ceil(agents / AGENTS_PER_PROCESS))
        self.screen = screen
        self._server_folder = "server"
        self.api_port, self.agent_port = free_port(), free_port()
        self.controls = 1
        self.server: Server | None = None
        self.fleet: Fleet | None = None
        self.map: list[dict[str, Any]] = []
        self.series: dict[str, list[tuple[float, float]]] = {}
        self.began = time.monotonic()
        self.mutual_tls = False
        self.store_url = ""
        self.postgresql: Postgresql | None = None
        self.hushed = False  # while the server's own statements are counted, nobody lists hosts to draw them
        self.admin = Client("127.0.0.1", self.api_port, _KEY, _SECRET)

    # --- processes ---------------------------------------------------------------------------------------------------
    async def use_ports(self, api_port: int, agent_port: int) -> None:
        """Those of an earlier run: its system VMs dial them. Raises LabError when somebody else listens there; what was
        killed just now may need a moment to be gone."""
        for port in (api_port, agent_port):
            began = time.monotonic()
            while not port_is_free(port):
                if time.monotonic() - began > _PORT_SECONDS:
                    raise LabError(f"port {port}, which this installation uses since its first run, is taken")
                await asyncio.sleep(0.1)
        self.api_port, self.agent_port = api_port, agent_port
        self.admin = Client("127.0.0.1", api_port, _KEY, _SECRET)

    async def use_postgresql(self, folder: str = "postgresql") -> None:
        """From now on servers use a PostgreSQL of this run's own. Raises PostgresqlError."""
        self.screen.step("starting PostgreSQL")
        self.postgresql = await asyncio.to_thread(Postgresql, self.folder / folder)
        self.store_url = self.postgresql.url

    def agree_on_keys(self) -> None:
        """Whoever fills the store from now on gives user admin the keys that the lab signs with."""
        os.environ["LAKH_ADMIN_API_KEY"], os.environ["LAKH_ADMIN_SECRET_KEY"] = _KEY, _SECRET

    async def start_server(self, seconds: float = 120.0) -> None:
        self.agree_on_keys()
        self.server = Server(
            self.folder / self._server_folder,
            self.api_port,
            self.agent_port,
            store=self.store_url,
            controls=self.controls,
            log_level="warning",
        )
        await self.server.ready(seconds)

    async def begin_anew(self, server_folder: str) -> None:
        """Ends server, fleet and PostgreSQL; the next ones know nothing of them."""
        for running in (self.fleet, self.server):
            if running is not None:
                await asyncio.to_thread(running.kill)
        if self.postgresql is not None:
            await asyncio.to_thread(self.postgresql.stop)
        self.fleet = self.server = self.postgresql = None
        self._server_folder = server_folder

    async def lay(self) -> None:
        self.screen.step(f"a zone for {self.agents:,} hosts through the API")
        self.map = await lay(self.admin, self.agents, HOSTS_PER_CLUSTER)

    async def install(self, wanted: Sequence[Wanted] = (), hosts_per_cluster: int = HOSTS_PER_CLUSTER) -> Installation:
        """Zones that VMs can be deployed in, those `wanted` or the usual two; after it the fleet can be started."""
        self.screen.step(f"an installation for {self.agents:,} hosts through the API")
        if wanted:
            made = await build(self.admin, wanted, self.screen.detail)
        else:
            made = await prepare(self.admin, self.agents, self.screen.detail, hosts_per_cluster)
        self.map = made.fleet_map()
        return made

    async def furnish(self, installation: Installation) -> Client:
        """What hosts must be Up for; returns a client of the account that may deploy. Close it."""
        user = Client("127.0.0.1", self.api_port, installation.api_key, installation.secret_key)
        try:
            await furnish(self.admin, user, installation, self.screen.detail)
        except TimeoutError as error:
            raise LabError(str(error)) from None
        return user

    async def be_strict(self) -> None:
        """From now on agents must show certificates; those of the fleet will, made with the server's own authority."""
        self.mutual_tls = True
        self.screen.step("strict mutual TLS")
        await self.admin.call("updateConfiguration", name="ca.plugin.root.auth.strictness", value="true")
        await self.certificates_settled()

    async def certificates_settled(self) -> None:
        """Waits until certificates are required, and every one that was shown is stored."""

        async def settled() -> bool:
            values = await self.metrics()
            return values.get(STRICT) == CERTIFICATES_REQUIRED and values.get(UNRECORDED) == 0

        await self.until(settled, time.monotonic(), 120, "certificates are not settled")

    def start_fleet(self, **more: str) -> None:
        address = f"127.0.0.1:{self.agent_port}"
        if self.mutual_tls:
            keys = self.folder / "server"
            more |= {"ca_certificate": str(keys / "ca.pem"), "ca_key": str(keys / "ca-rsa.key")}
            more |= {"keystores": str(self.folder / "keystores")}
        self.fleet = Fleet(self.folder, address, self.map, seed=1, **{"processes": str(self.processes), **more})

    async def stop_fleet(self) -> None:
        """kill -9, as a power cut would."""
        if self.fleet is not None:
            await asyncio.to_thread(self.fleet.kill)

    async def kill_server(self) -> None:
        if self.server is not None:
            await asyncio.to_thread(self.server.kill)

    async def close(self) -> None:
        await self.admin.close()
        for running in (self.fleet, self.server):
            if running is not None:
                await asyncio.to_thread(running.kill)
        if self.postgresql is not None:
            await asyncio.to_thread(self.postgresql.stop)

    # --- figures -----------------------------------------------------------------------------------------------------
    def cpu(self) -> dict[str, float]:
        """CPU seconds by part."""
        assert self.server is not None
        used = {part: cpu_seconds(pids) for part, pids in self.server.part_pids().items()}
        used["fleet"] = cpu_seconds(self.fleet.pids()) if self.fleet is not None else 0.0
        if self.postgresql is not None:
            used["postgresql"] = cpu_seconds(self.postgresql.pids())
        return used

    def memory(self) -> dict[str, float]:
        """MB by part, PSS without file pages."""
        assert self.server is not None
        used = {part: memory_mb(pids) for part, pids in self.server.part_pids().items()}
        used["fleet"] = memory_mb(self.fleet.pids()) if self.fleet is not None else 0.0
        if self.postgresql is not None:
            used["postgresql"] = memory_mb(self.postgresql.pids())
        return used

    async def metrics(self) -> dict[str, float]:
        """Sums of the server's metrics over their labels, and each of them with its labels."""
        text = await asyncio.to_thread(_page, self.api_port)
        found: dict[str, float] = {}
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            if name and not line.startswith("#"):
                if not name.startswith("lakh_control_"):
                    name = _CONTROL.sub("", name).replace("{}", "")
                found[name] = float(value)
                base = name.partition("{")[0]
                if base != name:
                    found[base] = found.get(base, 0.0) + float(value)
        return found

    async def listed(self, **filters: Any) -> int:
        """How many hosts listHosts counts."""
        answer = await self.admin.call("listHosts", type="Routing", page=1, pagesize=1, **filters)
        return int(answer.get("count", 0))

    async def note(self) -> None:
        """Notes the figures that plots show, until cancelled."""
        last: dict[str, float] = {}
        while True:
            with suppress(ClientError, OSError):
                if not self.hushed:
                    self._point("up in listHosts", await self.listed(state="Up"))
                values = await self.metrics()
                self._point("connected and ready", values.get(CONNECTED, 0.0))
            if self.server is not None:
                now = self.cpu()
                for part, used in now.items():
                    if used >= last.get(part, math.inf):
                        self._point(f"cpu {part}", (used - last[part]) / _NOTE_SECONDS * 100)
                last = now
            await asyncio.sleep(_NOTE_SECONDS)

    def _point(self, name: str, value: float) -> None:
        self.series.setdefault(name, []).append((round(time.monotonic() - self.began, 2), value))

    # --- waiting -----------------------------------------------------------------------------------------------------
    async def all_up(self, since: float, seconds: float) -> float:
        """Seconds from `since` until listHosts shows every host Up and every agent is connected and ready."""
        with self.screen.bar(self.agents) as advance:

            async def reached() -> bool:
                if self.fleet is not None:
                    self.fleet.check()
                if self.server is not None:
                    self.server.check()
                connected = int((await self.metrics()).get(CONNECTED, 0))
                advance(min(connected, self.agents))
                return connected >= self.agents and await self.listed(state="Up") >= self.agents

            return await self.until(reached, since, seconds, "not all hosts are Up")

    async def until(
        self, reached: Callable[[], Awaitable[bool]], since: float, seconds: float, otherwise: str
    ) -> float:
        """Asks every half second. Raises LabError with the text `otherwise` when `seconds` are over."""
        while True:
            with suppress(ClientError, OSError):
                if await reached():
                    return round(time.monotonic() - since, 2)
            if time.monotonic() - since > seconds:
                raise LabError(f"{otherwise} after {seconds:g} s")
            await asyncio.sleep(0.5)


_CONTROL: Final = re.compile(r'control="\d+",?')
"""Which of several control processes printed the page."""


def _page(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return str(answer.read().decode())
