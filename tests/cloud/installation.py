"""A whole small cloud as processes: server, gateways, fleet, over the real TLS wire, on a store seeded with rows."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from tests import rows
from tests.blank import blank
from tests.stores import ENGINE, fresh_url
from tests.world import FakeHosts

from lakh.base.clock import SystemClock
from lakh.contract.client import Client
from lakh.http import commands
from lakh.jobs.cloud import Cloud
from lakh.lab.installation import until
from lakh.lab.processes import Fleet, ProcessError, Server, free_port
from lakh.resources.seeding import seed
from lakh.resources.user.password import hash_now
from lakh.resources.user.row import INSERT_KEY, ApiKeyRow
from lakh.store.ids import RowIds
from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec

KEY, SECRET = "admin-key", "admin-secret"


class Installation:
    """One server and its fleet in a folder. `await start()`, `await stop()`."""

    def __init__(self, folder: Path, *, hosts: int = 10, store: str = "", controls: int = 1) -> None:
        self.folder = folder
        self.hosts = hosts
        self.store = store
        self.controls = controls
        self._borrowed = AsyncExitStack()
        self.api_port, self.agent_port = free_port(), free_port()
        self.made: rows.Made
        self.server: Server
        self.fleet: Fleet
        self.client = Client("127.0.0.1", self.api_port, KEY, SECRET)

    async def start(self) -> None:
        if not self.store and ENGINE == "postgresql":
            self.store = await self._borrowed.enter_async_context(fresh_url(ENGINE, self.folder))
        await self._write_rows()
        self.start_server()
        await self.server.ready()
        place = [{"zone": "zone1", "pod": "pod1", "cluster": "cluster1", "count": self.hosts}]
        self.fleet = Fleet(self.folder, f"127.0.0.1:{self.agent_port}", place)
        await self.all_up()

    def start_server(self) -> None:
        self.server = Server(self.folder, self.api_port, self.agent_port, store=self.store, controls=self.controls)

    async def stop(self) -> None:
        await self.client.close()
        for process in (getattr(self, "fleet", None), getattr(self, "server", None)):
            if process is not None:
                await asyncio.to_thread(process.stop)
        await self._borrowed.aclose()

    async def _write_rows(self) -> None:
        commands.load()
        store = await open_store(self.store or f"sqlite:///{self.folder.absolute() / 'lakh.db'}")
        ids = await RowIds(store).open()
        cloud = Cloud(store=store, clock=SystemClock(), random=SystemRandom(), row_ids=ids, hosts=FakeHosts())
        await seed(cloud, hash_now("password", b"salt of all tests"))
        self.made = await rows.insert_world(cloud, hosts=0, cpus=0, memory_bytes=0)
        key = blank(cloud, ApiKeyRow, user_id=2, account_id=2, domain_id=1, name="t", api_key=KEY, secret_key=SECRET)
        await store.submit(TxnSpec("test.key").put(INSERT_KEY, key))
        await store.close()

    async def all_up(self, seconds: float = 60.0) -> None:
        """Waits until every agent is connected and ready by its own account."""

        async def ready() -> bool:
            self.fleet.check()
            if not self.fleet.control_path.exists():
                return False
            try:
                totals = (await self.fleet.ask("state"))[-1]["totals"]
            except ProcessError:  # bound and not listening yet
                return False
            return bool(totals.get("ready", 0) >= self.hosts and totals.get("connected", 0) >= self.hosts)

        await until(ready, seconds, "not all agents are connected and ready")

    def deployment(self, **more: Any) -> dict[str, Any]:
        """Parameters of a deployVirtualMachine here."""
        made = self.made
        return {
            "zoneid": made.zone.uuid,
            "templateid": made.template.uuid,
            "serviceofferingid": made.offering.uuid,
            "networkids": made.network.uuid,
            **more,
        }

    async def domains(self) -> dict[str, list[str]]:
        """VM instance name to the hosts it runs on, told by the agents."""
        found: dict[str, list[str]] = {}
        for line in await self.fleet.ask("state"):
            for vm in line.get("agent", {}).get("vms", ()):
                found.setdefault(vm["name"], []).append(line["agent"]["name"])
        return found

    async def files(self) -> set[str]:
        """Volumes on the pool, told by the fleet."""
        lines = await self.fleet.ask("volumes")
        return {line["volume"]["name"] for line in lines if line.get("volume", {}).get("kind") == "volume"}


def pick(random: Random, pids: dict[str, list[int]]) -> list[int]:
    """Which processes a crash takes: control, a gateway, the supervisor (and so all), or everything at once."""
    choice = random.choice(["control", "gateway", "everything"])
    if choice == "control":
        return pids["control"]
    if choice == "gateway" and pids["gateways"]:  # there are none while they start again
        return [random.choice(pids["gateways"])]
    return [pid for part in pids.values() for pid in part]
