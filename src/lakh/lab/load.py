"""`python -m lakh.lab.load`: the load client, a process of its own, so that what it costs is not counted for a server.

It reads one Plan as a line of JSON from standard input (keys must not stand on a command line), uses the public API
over bare keep-alive connections with signed requests and nothing that another client could not do, and writes lines of
JSON to standard output: `{"done": 120}` a few times a second, and at last the Outcome. A deployment is what clients do:
deployVirtualMachine, then queryAsyncJobResult after 40, 80, 160 and 320 ms, then every second.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import uvloop

from lakh.contract.client import Client, ClientError

PROGRESS_SECONDS: Final = 0.25
FAILURES_TOLD: Final = 50
PAGE: Final = 50
LISTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("listVirtualMachines", {"page": 1, "pagesize": PAGE}),
    ("listVolumes", {"page": 1, "pagesize": PAGE}),
    ("listVirtualMachines", {"page": 1, "pagesize": PAGE, "state": "Running"}),
    ("listNetworks", {}),
    ("listEvents", {"page": 1, "pagesize": PAGE}),
)


class Target(msgspec.Struct, forbid_unknown_fields=True):
    """Parameters of deployments; of each round of deployments, `share` go here."""

    parameters: dict[str, str]
    share: int = 1


class Plan(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to do. VMs are called `{name}-{number}` from `first` on.

    With `seconds` VMs live: `workers` deploy, stop, start and destroy them until the time is over, while `listers` look
    at lists; else `vms` are deployed, and that is all.
    """

    host: str
    port: int
    api_key: str
    secret_key: str
    targets: list[Target]
    name: str = "vm"
    first: int = 1
    vms: int = 0
    workers: int = 1
    listers: int = 0
    seconds: float = 0.0
    seed: int = 1


class Outcome(msgspec.Struct, kw_only=True):
    """What came of it. `taken` has seconds by command, in the order of their ends: from the request to the poll that
    saw the job's end. `reached` has (VMs deployed, seconds since the start)."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    polls: int = 0
    requests: int = 0
    failed: int = 0
    failures: list[str] = msgspec.field(default_factory=list)
    taken: dict[str, list[float]] = msgspec.field(default_factory=dict)
    reached: list[tuple[int, float]] = msgspec.field(default_factory=list)

    @property
    def deployed(self) -> int:
        return len(self.taken.get(DEPLOY, ()))

    def percentile(self, percent: float, command: str = "deployVirtualMachine") -> float:
        """Nearest-rank percentile of a command's seconds; 0 for none."""
        ordered = sorted(self.taken.get(command, ()))
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


DEPLOY: Final = "deployVirtualMachine"


class Load:
    """One plan under way."""

    def __init__(self, plan: Plan, client: Client) -> None:
        self._plan = plan
        self._client = client
        self._targets = [target.parameters for target in plan.targets for _ in range(target.share)]
        self._numbers = self._count()
        self._began = time.monotonic()
        self._chance = random.Random(plan.seed)
        self.outcome = Outcome()
        self.done = 0

    def _count(self) -> Iterator[int]:
        number = self._plan.first
        while self._plan.seconds or number < self._plan.first + self._plan.vms:
            yield number
            number += 1

    async def run(self) -> Outcome:
        """Carries the plan out."""
        plan, outcome = self._plan, self.outcome
        cpu_before, self._began = time.process_time(), time.monotonic()
        life = self._lives if plan.seconds else self._deploys
        workers = plan.workers if plan.seconds else min(plan.workers, plan.vms)
        await asyncio.gather(*(life() for _ in range(workers)), *(self._looks() for _ in range(plan.listers)))
        outcome.seconds = time.monotonic() - self._began
        outcome.cpu_seconds = time.process_time() - cpu_before
        outcome.polls, outcome.requests = self._client.polls, self._client.requests
        return outcome

    def _over(self) -> bool:
        return time.monotonic() - self._began >= self._plan.seconds

    # --- what workers do ---------------------------------------------------------------------------------------------
    async def _deploys(self) -> None:
        for number in self._numbers:
            await self._deploy(number)

    async def _lives(self) -> None:
        """VMs from their deployment on: most stay, some are stopped, started again, destroyed."""
        for number in self._numbers:
            if self._over():
                return
            made = await self._deploy(number)
            if made is None:
                continue
            fate = self._chance.random()
            if fate < 0.5 and await self._do("stopVirtualMachine", id=made) and fate < 0.4:
                await self._do("startVirtualMachine", id=made)
            if fate < 0.3:
                await self._do("destroyVirtualMachine", id=made)

    async def _looks(self) -> None:
        """Lists, one after another; twenty a second at most."""
        turn = 0
        while not self._over():
            command, parameters = LISTS[turn % len(LISTS)]
            turn += 1
            began = time.monotonic()
            try:
                await self._client.call(command, **parameters)
                self._took(command, began)
            except ClientError as error:
                self._failed(command, error)
            await asyncio.sleep(max(0.0, 0.05 - (time.monotonic() - began)))

    async def _deploy(self, number: int) -> str | None:
        """The new VM's uuid; None where it failed."""
        target = self._targets[number % len(self._targets)]
        done = await self._do(DEPLOY, **target, name=f"{self._plan.name}-{number}")
        self.done += 1
        if done is None:
            return None
        self.outcome.reached.append((self.outcome.deployed, round(time.monotonic() - self._began, 3)))
        return str(done["virtualmachine"]["id"])

    async def _do(self, command: str, **parameters: Any) -> dict[str, Any] | None:
        began = time.monotonic()
        try:
            done = await self._client.job(command, **parameters)
        except ClientError as error:
            self._failed(command, error)
            return None
        self._took(command, began)
        return done

    def _took(self, command: str, began: float) -> None:
        self.outcome.taken.setdefault(command, []).append(round(time.monotonic() - began, 4))

    def _failed(self, command: str, error: ClientError) -> None:
        self.outcome.failed += 1
        if len(self.outcome.failures) < FAILURES_TOLD:
            self.outcome.failures.append(f"{command}: {error}")


async def work(plan: Plan) -> None:
    """Carries a plan out and tells of it on standard output."""
    async with Client(plan.host, plan.port, plan.api_key, plan.secret_key) as client:
        load = Load(plan, client)
        running = asyncio.create_task(load.run())
        while not running.done():
            _tell({"done": load.done})
            await asyncio.wait({running}, timeout=PROGRESS_SECONDS)
        _tell(running.result())


def _tell(what: object) -> None:
    """One line. Whoever reads is gone when that fails: there is nobody to work for."""
    try:
        sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        sys.exit(1)


def main() -> None:
    """The process's body."""
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    uvloop.run(work(plan))


if __name__ == "__main__":
    main()
