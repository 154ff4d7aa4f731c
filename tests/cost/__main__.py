"""`python -m tests.cost`: processor time of one deployment, by part, without sockets and without other processes.

    python -m tests.cost --hosts 1000 --vms 2000 --blocks 3 --statements

Requests go through dispatch, signed as a client signs them; hosts are fakes whose own time, and the client's, is taken
off; the store is a SQLite file. Compare two trees by turns, on the machine as it is: one block of one tree after one of
the other. Of a block it prints milliseconds for each deployment: `statements` on the loop, `requests` (what polls of a
finished job cost, times the requests made), `flow` (the rest of the loop), `threads`; then statements and transactions.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import uvloop
from tests.api import Api, Tenant, _first_rows
from tests.rows import insert_world
from tests.stores import filled_store
from tests.world import FakeHosts, World

from lakh.base.entropy import BlockRandom
from lakh.http.message import Request
from lakh.resources.host.row import INSERT as INSERT_HOST
from lakh.wire.message import Message
from lakh.wire.payload import decode_payload, encode_payload

WORKERS: Final = 50
POLLS: Final = 2
ANSWER_SECONDS: Final = 0.002
_UNLIMITED_TYPES: Final = (0, 2, 8, 9, 10)


class TimedHosts(FakeHosts):
    """Fakes that answer a moment later, many at once, and know what time they took themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self._waiting: list[asyncio.Future[None]] = []

    async def call(
        self, host_id: int, commands: Sequence[Message], *, timeout_seconds: float = 1800.0, stop_on_error: bool = True
    ) -> list[Message]:
        sent = encode_payload(commands)
        began = time.thread_time()
        answers = encode_payload([self._answer(host_id, command) for command in decode_payload(sent)])
        self.seconds += time.thread_time() - began
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_later(ANSWER_SECONDS, self._let_go)
        self._waiting.append(loop.create_future())
        await self._waiting[-1]
        return decode_payload(answers)

    def _let_go(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.set_result(None)


class Bench:
    """One installation, one account, one network."""

    def __init__(self, api: Api, world: World, hosts: TimedHosts, who: Tenant) -> None:
        self._api, self._world, self._hosts, self._who = api, world, hosts, who
        self._made = 0
        self._client_seconds = 0.0

    async def ask(self, command: str, **parameters: Any) -> dict[str, Any]:
        """One signed request, past the sockets. What the client would do in it is not counted."""
        began = time.thread_time()
        query = self._who.client.query(command, parameters)
        self._client_seconds += time.thread_time() - began
        response = await self._api.edge._route(Request("GET", "/client/api", query, {}, b"", peer="127.0.0.1"))
        began = time.thread_time()
        assert response.status == 200, response.body
        answer: dict[str, Any] = msgspec.json.decode(response.body)[f"{command.lower()}response"]
        self._client_seconds += time.thread_time() - began
        return answer

    async def deploy(self) -> str:
        """Returns the uuid of the job, which has succeeded."""
        self._made += 1
        parameters = self._world.deploy_parameters(name=f"cost-{self._made}")
        job = str((await self.ask("deployVirtualMachine", **parameters))["jobid"])
        for _ in range(POLLS - 1):
            await self.ask("queryAsyncJobResult", jobid=job)
        await self._api.cloud.worker.wait(job)
        assert (await self.ask("queryAsyncJobResult", jobid=job))["jobstatus"] == 1
        return job

    async def block(self, vms: int) -> dict[str, float]:
        """Deploys so many and returns what each cost."""
        store, done = self._api.cloud.store, iter(range(vms))

        async def work() -> None:
            for _ in done:
                await self.deploy()

        poll_ms = await self._poll_ms(await self.deploy())
        self._client_seconds = self._hosts.seconds = 0.0
        before, loop, everything = store.counters(), time.thread_time(), time.process_time()
        await asyncio.gather(*(work() for _ in range(WORKERS)))
        everything, loop = time.process_time() - everything, time.thread_time() - loop
        after = store.counters()
        grown = {name: (value - before.get(name, 0.0)) / vms for name, value in after.items()}
        own = (loop - self._client_seconds - self._hosts.seconds) * 1000 / vms
        statements = 1000 * sum(value for name, value in grown.items() if name.startswith("seconds:"))
        requests = poll_ms * (1 + POLLS)
        rest = {"flow": own - statements - requests, "threads": (everything - loop) * 1000 / vms}
        figures = {"statements_ms": statements, "requests_ms": requests}
        return figures | {f"{name}_ms": value for name, value in rest.items()} | grown

    async def _poll_ms(self, job: str) -> float:
        self._client_seconds, began = 0.0, time.thread_time()
        for _ in range(1000):
            await self.ask("queryAsyncJobResult", jobid=job)
        return time.thread_time() - began - self._client_seconds


async def measure(hosts: int, vms: int, blocks: int, by_statement: bool) -> None:
    """Prints a line for each block."""
    fakes = TimedHosts()
    with TemporaryDirectory(prefix="lakh-cost-") as folder:
        async with filled_store(_first_rows, "sqlite", Path(folder)) as (store, _):
            api = await Api.start(hosts=fakes, store=store)
            api.cloud.random = api.cloud.uuids._random = BlockRandom()
            await api.cloud.row_ids.reserve(INSERT_HOST.changes, hosts)
            made = await insert_world(api.cloud, hosts=hosts, cpus=64, memory_bytes=256 << 30)
            world, who = await World.over(api.cloud, made), await api.user("cost")
            root = (await api.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]
            for number in _UNLIMITED_TYPES:
                limit = {"account": "cost", "domainid": root, "resourcetype": number, "max": -1}
                await api.admin.call("updateResourceLimit", **limit)
            bench = Bench(api, world, fakes, who)
            await bench.block(max(WORKERS, vms // 2))
            gc.collect()
            gc.freeze()
            for _ in range(blocks):
                _tell(await bench.block(vms), by_statement)
            await api.stop()


def _tell(figures: dict[str, float], by_statement: bool) -> None:
    names = ["statements_ms", "requests_ms", "flow_ms", "threads_ms"]
    own = sum(figures[name] for name in names)
    counted = {name: figures[name] for name in ("statements", "read_statements", "transactions", "commits")}
    told = {"control_ms": own, **{name: figures[name] for name in names}, **counted}
    print("  ".join(f"{name} {value:.3f}" for name, value in told.items()), flush=True)  # noqa: T201
    if by_statement:
        for name, value in sorted(figures.items()):
            kind, _, statement = name.partition(":")
            if kind == "statement" and value > 0.01:
                print(f"    {value:5.2f}  {figures['seconds:' + statement] * 1e6:7.1f} us  {statement}")  # noqa: T201


def main() -> None:
    """The program's body."""
    parser = argparse.ArgumentParser(prog="python -m tests.cost", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--vms", type=int, default=2000, help="of each block")
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--statements", action="store_true", help="tell of each statement")
    asked = parser.parse_args()
    sys.setswitchinterval(0.0005)  # as the server does
    uvloop.run(measure(asked.hosts, asked.vms, asked.blocks, asked.statements))


if __name__ == "__main__":
    main()
