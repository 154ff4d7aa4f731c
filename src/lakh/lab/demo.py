"""`lakh demo`: a server, a fleet, a zone through the public API, VMs by W workers, and the proof against the agents.

Steps: start the server · build the installation · connect the fleet · furnish · deploy · prove · say how to reach it ·
stay up or stop everything.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from lakh.base.errors import LakhError
from lakh.contract.client import Client, ClientError
from lakh.lab.installation import Installation, furnish, prepare, until
from lakh.lab.load import Outcome
from lakh.lab.loading import load, plan_for
from lakh.lab.machine import cpu_seconds, memory_mb
from lakh.lab.processes import Fleet, ProcessError, Server, free_port, port_is_free
from lakh.lab.proof import Proof, prove
from lakh.lab.screen import Screen

ADMIN_PASSWORD = "password"
CONNECT_SECONDS = 300.0
GATEWAY_FIGURES_SECONDS = 1.2  # gateways push theirs once a second


@dataclass(slots=True)
class Options:
    """What `lakh demo` was asked for. `keep` None: stay up on a terminal only."""

    hosts: int = 1000
    vms: int = 1000
    workers: int = 50
    keep: bool | None = None
    json: bool = False
    api_port: int = 8080
    agent_port: int = 8250
    folder: str = ""
    store: str = ""
    ports_given: bool = False


@dataclass(slots=True)
class Usage:
    """CPU seconds by part and the store's counters at one moment."""

    cpu: dict[str, float]
    counters: dict[str, float]


def run(options: Options) -> int:
    """Runs the demo; returns the exit code: 0 only when the proof holds."""
    return uvloop.run(Demo(options).run())


class Demo:
    """One run."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.screen = Screen()
        self.made_folder = not options.folder
        self.folder = Path(options.folder or tempfile.mkdtemp(prefix="lakh-demo-"))
        self.server: Server | None = None
        self.fleet: Fleet | None = None
        self.clients: list[Client] = []

    async def run(self) -> int:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        work = asyncio.create_task(self._work())
        interrupted = asyncio.create_task(stopped.wait())
        try:
            await asyncio.wait({work, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                return 130
            proof = work.result()
            if self._keeps():
                self.screen.say("Running until Ctrl-C.")
                await stopped.wait()
            return 0 if proof.ok else 1
        except (LakhError, ClientError, TimeoutError) as error:
            self.screen.say(f"lakh demo: {error}")
            self._say_logs()
            return 1
        finally:
            interrupted.cancel()
            await self._end()

    def _keeps(self) -> bool:
        return sys.stdout.isatty() if self.options.keep is None else self.options.keep

    # --- steps -------------------------------------------------------------------------------------------------------
    async def _work(self) -> Proof:
        options, screen = self.options, self.screen
        self.server = await self._start_server()
        admin, keys = await self._admin()
        screen.step("building zones through the API")
        installation = await prepare(admin, options.hosts, screen.detail)
        screen.step(f"connecting {options.hosts} agents over TLS")
        connect_seconds = await self._connect(admin, installation)
        user = self._client(installation.api_key, installation.secret_key)
        screen.step("templates and networks")
        await furnish(admin, user, installation, screen.detail)
        screen.step(f"deploying {options.vms} VMs with {options.workers} workers")
        before = await self._usage()
        with screen.bar(options.vms) as advance:
            plan = plan_for(self.server.api_port, installation, name="demo", vms=options.vms, workers=options.workers)
            outcome = await load(plan, advance)
        after = await self._usage()
        screen.step("proving it against the agents")
        await asyncio.sleep(GATEWAY_FIGURES_SECONDS)
        after.counters |= _of_gateways(await self._counters())
        assert self.fleet is not None
        proof = await prove(admin, self.fleet, outcome.deployed)
        for failure in outcome.failures[:10]:
            proof.mismatches.append(f"deployment failed: {failure}")
        proof.ok = not proof.mismatches and outcome.deployed == options.vms
        figures = self._figures(keys, installation, connect_seconds, outcome, before, after, proof)
        screen.summary(figures)
        if options.json:
            sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
            sys.stdout.flush()
        return proof

    async def _start_server(self) -> Server:
        options = self.options
        ports = [options.api_port, options.agent_port]
        for position, port in enumerate(ports):
            if port_is_free(port):
                continue
            if options.ports_given:
                raise ProcessError(f"port {port} is taken: free it or give another one (--api-port, --agent-port)")
            ports[position] = free_port()
            self.screen.say(f"port {port} is taken; using {ports[position]} (--api-port, --agent-port choose)")
        self.screen.step(f"starting the server, API on {ports[0]}, agents on {ports[1]}")
        server = Server(self.folder, ports[0], ports[1], store=options.store)
        self.server = server
        await server.ready()
        return server

    async def _admin(self) -> tuple[Client, tuple[str, str]]:
        """Logs in as admin, registers keys, and returns a client that signs with them."""
        bare = self._client("", "")
        login = await bare.post(f"command=login&username=admin&password={ADMIN_PASSWORD}&response=json")
        answer = msgspec.json.decode(login.body)["loginresponse"]
        cookies = "; ".join(
            value.decode().partition(";")[0] for name, value in login.headers if name.lower() == b"set-cookie"
        )
        query = f"command=registerUserKeys&id={answer['userid']}&response=json&sessionkey={answer['sessionkey']}"
        made = await bare.get(query, f"Cookie: {cookies}\r\n")
        keys = msgspec.json.decode(made.body)["registeruserkeysresponse"]["userkeys"]
        return self._client(keys["apikey"], keys["secretkey"]), (keys["apikey"], keys["secretkey"])

    async def _connect(self, admin: Client, installation: Installation) -> float:
        assert self.server is not None
        started = time.monotonic()
        address = f"127.0.0.1:{self.server.agent_port}"
        self.fleet = Fleet(self.folder, address, installation.fleet_map(), cpus="64", memory="256")
        fleet = self.fleet
        with self.screen.bar(self.options.hosts) as advance:

            async def all_up() -> bool:
                fleet.check()
                up = await admin.call("listHosts", type="Routing", state="Up", page=1, pagesize=1)
                advance(int(up.get("count", 0)))
                return int(up.get("count", 0)) >= self.options.hosts

            await until(all_up, CONNECT_SECONDS, "not all hosts are Up")
        return time.monotonic() - started

    # --- figures -----------------------------------------------------------------------------------------------------
    async def _usage(self) -> Usage:
        assert self.server is not None
        assert self.fleet is not None
        cpu = {part: cpu_seconds(pids) for part, pids in self.server.part_pids().items()}
        cpu["fleet"] = cpu_seconds(self.fleet.pids())
        return Usage(cpu, await self._counters())

    async def _counters(self) -> dict[str, float]:
        """The store's totals and the gateways' request counts, from /metrics."""
        assert self.server is not None
        text = await asyncio.to_thread(_metrics, self.server.api_port)
        found: dict[str, float] = {}
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            if name and not line.startswith("#"):
                found[name] = float(value)
        return found

    def _figures(
        self,
        keys: tuple[str, str],
        installation: Installation,
        connect_seconds: float,
        outcome: Outcome,
        before: Usage,
        after: Usage,
        proof: Proof,
    ) -> dict[str, Any]:
        assert self.server is not None
        assert self.fleet is not None
        vms = max(1, outcome.deployed)

        def per_vm(*names: str) -> float:
            return round(sum(after.counters.get(n, 0) - before.counters.get(n, 0) for n in names) / vms, 2)

        requests = [n for n in after.counters if n.startswith("lakh_gateway_calls_total")]
        return {
            "url": f"http://127.0.0.1:{self.server.api_port}/client/api",
            "agents": f"127.0.0.1:{self.server.agent_port}",
            "username": "admin",
            "password": ADMIN_PASSWORD,
            "api_key": keys[0],
            "secret_key": keys[1],
            "account_api_key": installation.api_key,
            "account_secret_key": installation.secret_key,
            "store": self.options.store.partition("://")[0] or "sqlite",
            "hosts": self.options.hosts,
            "vms": outcome.deployed,
            "workers": self.options.workers,
            "connect_seconds": round(connect_seconds, 2),
            "deploy_seconds": round(outcome.seconds, 2),
            "deploys_per_second": round(outcome.deployed / max(outcome.seconds, 1e-9), 1),
            "vm_seconds": {f"p{p}": round(outcome.percentile(p), 3) for p in (50, 95, 99)},
            "sql_statements_per_vm": per_vm('lakh_store_total{what="statements"}'),
            "transactions_per_vm": per_vm('lakh_store_total{what="transactions"}'),
            "host_requests_per_vm": per_vm(*requests),
            "polls_per_vm": round(outcome.polls / vms, 2),
            "cpu_ms_per_vm": {"client": round(outcome.cpu_seconds * 1000 / vms, 2)}
            | {part: round((after.cpu[part] - before.cpu[part]) * 1000 / vms, 2) for part in sorted(after.cpu)},
            "server_memory_mb": round(memory_mb(self.server.pids()), 1),
            "fleet_memory_mb": round(memory_mb(self.fleet.pids()), 1),
            "proof": msgspec.to_builtins(proof),
        }

    # --- surroundings ------------------------------------------------------------------------------------------------
    def _client(self, api_key: str, secret_key: str) -> Client:
        assert self.server is not None
        client = Client("127.0.0.1", self.server.api_port, api_key, secret_key)
        self.clients.append(client)
        return client

    def _say_logs(self) -> None:
        self.made_folder = False
        self.screen.say(f"logs are in {self.folder}")

    async def _end(self) -> None:
        for client in self.clients:
            await client.close()
        for running in (self.fleet, self.server):
            if running is not None:
                await asyncio.to_thread(running.stop)
        if self.made_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _of_gateways(counters: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in counters.items() if name.startswith("lakh_gateway_")}


def _metrics(port: int) -> str:
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())
