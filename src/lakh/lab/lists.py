"""Lists on a seeded store: every list of the public API as root admin, domain admin and user, over HTTP.

A store is seeded, or kept by `--store` from an earlier run; a server starts on it without hosts, and one client at a
time asks for pages: of 50 and of 500, the first and a deep one, with the filters that people use, with others, with
keywords. Each page is asked for once, which is its time when *cold* (the server's and the engine's caches know nothing
of it; the operating system's may), and then again and again, *warm*, in an order that is dealt anew each round, so that
none profits from the one before. What is timed is the whole request, from its signing to the last byte of the answer.
Beside the clock's time stands the processor's, of server and store, which says the same on a busy machine; only what
PostgreSQL's parallel workers take is not in it, since they are gone when it is read.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import msgspec

from lakh.contract.client import Client
from lakh.lab.list_questions import ROLES, Found, Question, questions, six_questions
from lakh.lab.list_timing import Asked, Taken, asked, tell
from lakh.lab.machine import cpu_milliseconds_now
from lakh.lab.report import Published
from lakh.lab.run import Run
from lakh.lab.seeded import seeded_server
from lakh.lab.stand import LabError, Stand

SUMMARY: Final = "pages of every list on a seeded store, as three roles: with filters, keywords, deep"
SUMMARY_SIX: Final = "pages of 500 of six lists, of as many accounts, domains, networks and Instances as hosts"
_PAGES: Final = (
    "B. Stoyanov, Pushing the Limits: CloudStack at 25k hosts (4.20, MySQL, two processors of 1.5 GHz, csbench)"
)
PUBLISHED_SIX: Final = tuple(
    Published(f"CloudStack: {command}, average", seconds, "s", _PAGES)
    for command, seconds in (
        ("listAccounts", 49.63), ("listDomains", 4.6), ("listHosts", 7.6), ("listNetworks", 43.57),
        ("listVirtualMachines", 11.79), ("listVolumes", 9.24),
    )
)  # fmt: skip
ROUNDS: Final = 21
"""Of so many times the second longest is the 95th of a hundred."""
ROUNDS_LEAST: Final = 5
ASKING_SECONDS: Final = 10 * 60.0
RUN_SECONDS: Final = 21 * 60.0
"""No round begins later, of the asking or of the run."""
IDLE_SECONDS: Final = 5.0


async def drive(run: Run) -> None:
    """The scenario `lists`: as many Instances as asked for, of a quarter as many accounts as hosts."""
    hosts, vms = run.parameters.agents, run.parameters.vms
    accounts = max(25, min(hosts // 4, 25_000))
    shape = {"vms": vms, "accounts": accounts, "networks": accounts, "domains": max(5, accounts // 5)}
    await _run(run, {"hosts": hosts, **shape, "events": 3 * vms}, questions)


async def drive_six(run: Run) -> None:
    """The scenario `six-lists`: as many of everything as hosts, and twice as many volumes."""
    number = run.parameters.agents
    shape = dict.fromkeys(("hosts", "vms", "accounts", "networks", "domains"), number)
    await _run(run, {**shape, "volumes": 2 * number}, six_questions)


async def _run(run: Run, shape: dict[str, int], ask: Callable[[dict[str, Found]], Iterator[Question]]) -> None:
    stand = run.stand
    stand.hushed = True
    told = await seeded_server(run, shape)
    users = {"admin": told["admin"], "domain admin": told["accounts"][0], "user": told["accounts"][1]}
    clients = {
        role: Client("127.0.0.1", stand.api_port, keys["api_key"], keys["secret_key"]) for role, keys in users.items()
    }
    try:
        found = {role: await look_around(clients, role) for role in ROLES}
        asking = _Asking(run, clients, list(ask(found)))
        await asking.cold()
        await _idle(run)
        before = stand.cpu()
        await asking.warm()
        used = {part: seconds - before[part] for part, seconds in stand.cpu().items()}
        run.figure("control_cpu_per_list", used["control"] * 1000 / asking.requests, "ms")
        if "postgresql" in used:
            run.figure("postgresql_cpu_per_list", used["postgresql"] * 1000 / asking.requests, "ms")
        run.figure("server_memory", sum(mb for part, mb in stand.memory().items() if part not in _APART) / 1000, "GB")
        tell(run, asking.taken)
    finally:
        for client in clients.values():
            await client.close()


_APART: Final = ("fleet", "postgresql")


async def look_around(clients: dict[str, Client], role: str) -> Found:
    """What there is to filter by; places from the admin, who sees them, the rest as the role sees it."""
    admin, own = clients["admin"], clients[role]
    vms = (await own.call("listVirtualMachines", listall=True, page=1, pagesize=50)).get("virtualmachine", [])
    if not vms:
        raise LabError(f"the {role} has too few Instances to list: seed more")
    vm = vms[0]
    hosts = (await admin.call("listHosts", type="Routing", page=1, pagesize=1))["host"]
    pools = (await admin.call("listStoragePools", page=1, pagesize=1))["storagepool"]
    disks = (await admin.call("listDiskOfferings", page=1, pagesize=1))["diskoffering"]
    accounts = (await own.call("listAccounts", listall=True, page=1, pagesize=1))["account"]
    domains = await clients["domain admin"].call("listDomains", page=1, pagesize=1)
    return Found(
        zone=vm["zoneid"],
        template=vm["templateid"],
        offering=vm["serviceofferingid"],
        network=vm["nic"][0]["networkid"],
        host=hosts[0]["id"],
        cluster=hosts[0]["clusterid"],
        pool=pools[0]["id"],
        disk_offering=disks[0]["id"],
        domain=domains["domain"][0]["id"],
        account=vm["account"],
        account_domain=vm["domainid"] if role != "user" else accounts[0]["domainid"],
        vms=vms,
    )


async def _idle(run: Run) -> None:
    """What the server does while nobody asks: of that, the times of lists hold a part."""
    before = run.stand.cpu()["control"]
    await asyncio.sleep(IDLE_SECONDS)
    run.figure("idle_cpu", (run.stand.cpu()["control"] - before) / IDLE_SECONDS * 100, "% of a core")


class _Asking:
    """All questions, each on its first page and on one in the middle."""

    def __init__(self, run: Run, clients: dict[str, Client], questions: list[Question]) -> None:
        self._run, self._clients = run, clients
        self._questions = questions
        self._pages: list[tuple[Question, int]] = []
        self._processes = _processes(run.stand)
        self.taken: dict[Asked, Taken] = {}
        self.requests = 0

    async def cold(self) -> None:
        """Each page for the first time; which is the deep one follows from the first one's count. Raises LabError."""
        self._run.stand.screen.step(f"{len(self._questions)} questions for the first time")
        with self._run.stand.screen.bar(len(self._questions)) as advance:
            for number, question in enumerate(self._questions, 1):
                client = self._clients[question.role]
                taken, body = await _ask(client, question, 1)
                self._note_cold(question, 1, taken)
                if (deep := math.ceil(_count(question, body) / question.size) // 2) > 1:
                    self._note_cold(question, deep, (await _ask(client, question, deep))[0])
                advance(number)

    def _note_cold(self, question: Question, page: int, milliseconds: float) -> None:
        self._pages.append((question, page))
        self.taken.setdefault(asked(question, page), Taken(milliseconds))

    async def warm(self) -> None:
        """Round after round."""
        screen, random = self._run.stand.screen, Random(1)
        screen.step(f"{len(self._pages)} pages again and again")
        began, order = time.monotonic(), list(self._pages)
        end = min(began + ASKING_SECONDS, self._run.stand.began + RUN_SECONDS)
        with screen.bar(ROUNDS) as advance:
            for number in range(1, ROUNDS + 1):
                random.shuffle(order)
                for question, page in order:
                    await self._once(question, page)
                advance(number)
                if number >= ROUNDS_LEAST and time.monotonic() > end:
                    break
        self._run.figure("rounds", number, "")
        self._run.figure("asking_seconds", time.monotonic() - began, "s")

    async def _once(self, question: Question, page: int) -> None:
        taken = self.taken[asked(question, page)]
        before = cpu_milliseconds_now(self._processes)
        taken.clock.append((await _ask(self._clients[question.role], question, page))[0])
        taken.processor.append(cpu_milliseconds_now(self._processes) - before)
        self.requests += 1


def _processes(stand: Stand) -> list[int]:
    """Those that answer: the control process, and PostgreSQL's that serve it."""
    assert stand.server is not None
    served = stand.postgresql.pids() if stand.postgresql is not None else []
    return [*stand.server.part_pids()["control"], *served]


def _count(question: Question, body: bytes) -> int:
    """How many rows fit, of the answer with the first page. Raises LabError where that page does not fit the count."""
    [answer] = msgspec.json.decode(body).values()
    count = int(answer.get("count", 0))
    shown = next((len(value) for value in answer.values() if isinstance(value, list)), 0)
    if shown != min(count, question.size):
        raise LabError(f"{question.label}: count {count}, but {shown} on the first page")
    return count


async def _ask(client: Client, question: Question, page: int) -> tuple[float, bytes]:
    """Milliseconds of one page, and the answer. Raises LabError."""
    began = time.perf_counter()
    query = client.query(question.command, {**question.parameters, "page": page, "pagesize": question.size})
    answer = await client.get(query)
    taken = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise LabError(f"{question.label}: {answer.status} {answer.body[:200]!r}")
    return taken, answer.body
