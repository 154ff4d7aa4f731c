"""Lists on a seeded store: every list of the public API as root admin, domain admin and user, over HTTP.

A store is seeded, a server starts on it without hosts, and one client at a time asks for pages: of 50 and of 500, the
first and a deep one, with the filters that people use, with others, with keywords. Each question is asked several times
in an order that is dealt anew each round, so that none profits from the one before. What is timed is the whole request,
from the query to the last byte of the answer.
"""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from lakh.contract.client import Client
from lakh.lab.list_questions import ROLES, SIX, Found, Question, questions, six_questions
from lakh.lab.processes import Running, Server
from lakh.lab.stand import LabError

if TYPE_CHECKING:
    from lakh.lab.scenario import Run

SUMMARY: Final = "pages of every list on a seeded store, as three roles: with filters, keywords, deep"
SUMMARY_SIX: Final = "pages of 500 of six lists, of as many accounts, domains, networks and Instances as hosts"
ROUNDS: Final = 12
SHOWN: Final = 15
SEED_SECONDS: Final = 20 * 60.0


class Asked(NamedTuple):
    """What was timed: a question, and whether on its first page or a deep one."""

    group: str
    label: str
    size: int
    deep: bool


async def drive(run: Run) -> None:
    """The scenario `lists`: as many Instances as asked for, of a quarter as many accounts as hosts."""
    hosts, vms = run.parameters.agents, run.parameters.vms
    accounts = max(25, min(hosts // 4, 25_000))
    shape = {"vms": vms, "accounts": accounts, "networks": accounts, "domains": max(5, accounts // 5)}
    await _run(run, {"hosts": hosts, **shape, "events": vms // 2}, questions)


async def drive_six(run: Run) -> None:
    """The scenario `six-lists`: as many of everything as hosts, and twice as many volumes."""
    number = run.parameters.agents
    shape = dict.fromkeys(("hosts", "vms", "accounts", "networks", "domains"), number)
    await _run(run, {**shape, "volumes": 2 * number}, six_questions)


async def _run(run: Run, shape: dict[str, int], ask: Callable[[dict[str, Found]], Iterator[Question]]) -> None:
    await seeded_server(run, shape)
    stand = run.stand
    assert stand.server is not None
    told = msgspec.json.decode((stand.folder / "server" / "seeded.json").read_bytes())
    users = {"admin": told["admin"], "domain admin": told["accounts"][0], "user": told["accounts"][1]}
    clients = {
        role: Client("127.0.0.1", stand.api_port, keys["api_key"], keys["secret_key"]) for role, keys in users.items()
    }
    try:
        found = {role: await look_around(clients, role) for role in ROLES}
        stand.screen.step("asking")
        asked = list(ask(found))
        pages = await _pages(clients, asked)
        before = stand.cpu()["control"]
        taken = await _ask_all(run, clients, asked, pages)
        requests = sum(len(seconds) for seconds in taken.values())
        run.figure("control_cpu_per_list", (stand.cpu()["control"] - before) * 1000 / max(1, requests), "ms")
        run.figure("server_memory", sum(v for part, v in stand.memory().items() if part != "fleet") / 1000, "GB")
        _figures(run, taken)
    finally:
        for client in clients.values():
            await client.close()


async def seeded_server(run: Run, shape: dict[str, int]) -> None:
    """Seeds a store in the stand's folder, and starts a server on it."""
    stand = run.stand
    folder = stand.folder / "server"
    os.environ["LAKH_ADMIN_API_KEY"], os.environ["LAKH_ADMIN_SECRET_KEY"] = "lab-admin", "lab-admin-secret"
    stand.screen.step("seeding " + ", ".join(f"{number:,} {name}" for name, number in shape.items()))
    began = time.monotonic()
    arguments = ["-m", "lakh.seed", "--disconnected", "--data-folder", str(folder)]
    for name, number in shape.items():
        arguments += [f"--{name}", str(number)]
    seeding = Running("seeding", arguments, stand.folder / "seed.log")
    try:
        code = await asyncio.to_thread(seeding.process.wait, SEED_SECONDS)
    except subprocess.TimeoutExpired:
        raise LabError(f"seeding was not done after {SEED_SECONDS:g} s") from None
    finally:
        await asyncio.to_thread(seeding.stop)
    if code:
        text = await asyncio.to_thread((stand.folder / "seed.log").read_text)
        raise LabError(f"seeding failed: {text[-400:]}")
    run.figure("seeding_seconds", time.monotonic() - began, "s")
    began = time.monotonic()
    stand.server = Server(
        folder, stand.api_port, stand.agent_port, store=os.environ.get("LAKH_STORE", ""), log_level="warning"
    )
    await stand.server.ready(120)
    run.figure("start_seconds", time.monotonic() - began, "s")


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


async def _pages(clients: dict[str, Client], asked: list[Question]) -> list[list[int]]:
    """The pages of each question: the first, and one in the middle."""
    counts = [await _count(clients[question.role], question) for question in asked]
    return [
        sorted({1, max(1, math.ceil(count / question.size) // 2)})
        for question, count in zip(asked, counts, strict=True)
    ]


async def _ask_all(
    run: Run, clients: dict[str, Client], asked: list[Question], pages: list[list[int]]
) -> dict[Asked, list[float]]:
    """Seconds of each question and kind of page."""
    taken: dict[Asked, list[float]] = {}
    random = Random(1)
    with run.stand.screen.bar(ROUNDS) as advance:
        for number in range(ROUNDS):
            order = list(range(len(asked)))
            random.shuffle(order)
            for index in order:
                question = asked[index]
                for page in pages[index]:
                    seconds = await _ask(clients[question.role], question, page)
                    key = Asked(question.group, question.label, question.size, page > 1)
                    taken.setdefault(key, []).append(seconds)
            advance(number + 1)
    return taken


async def _count(client: Client, question: Question) -> int:
    answer = await client.call(question.command, page=1, pagesize=question.size, **question.parameters)
    count = int(answer.get("count", 0))
    shown = next((len(value) for value in answer.values() if isinstance(value, list)), 0)
    if shown != min(count, question.size):
        raise LabError(f"{question.label}: count {count}, but {shown} on the first page")
    return count


async def _ask(client: Client, question: Question, page: int) -> float:
    query = client.query(question.command, {**question.parameters, "page": page, "pagesize": question.size})
    began = time.perf_counter()
    answer = await client.get(query)
    seconds = time.perf_counter() - began
    if answer.status != 200:
        raise LabError(f"{question.label}: {answer.status} {answer.body[:200]!r}")
    return seconds


def _p95(taken: list[float]) -> float:
    ordered = sorted(taken)
    return ordered[math.ceil(0.95 * (len(ordered) - 1))] * 1000


def _middle(taken: list[float]) -> float:
    ordered = sorted(taken)
    return ordered[len(ordered) // 2] * 1000


def _figures(run: Run, taken: dict[Asked, list[float]]) -> None:
    groups: dict[str, list[float]] = {}
    lists: dict[str, list[float]] = {}
    means: dict[str, list[float]] = {}
    for asked, seconds in taken.items():
        group = asked.group.replace(" ", "_")
        groups.setdefault(f"page_{asked.size}_p95" if group == "common" else f"{group}_p95", []).extend(seconds)
        command = asked.label.partition("(")[0]
        if group == "common":
            lists.setdefault(f"{command}_{asked.size}", []).extend(seconds)
        if asked.label == f"{command}() 500 as admin" and command in SIX:
            means.setdefault(command, []).extend(seconds)
    for name, seconds in sorted(groups.items()):
        run.figure(name, _p95(seconds), "ms")
    for name, seconds in sorted(lists.items()):
        run.figure(f"{name}_p50", _middle(seconds), "ms")
        run.figure(f"{name}_p95", _p95(seconds), "ms")
    for command, seconds in sorted(means.items()):
        run.figure(f"{command}_500_mean", sum(seconds) / len(seconds) * 1000, "ms")
    slowest = sorted(taken.items(), key=lambda entry: -_p95(entry[1]))
    run.stand.screen.detail("slowest questions, p95:")
    for asked, seconds in slowest[:SHOWN]:
        run.stand.screen.detail(f"  {_p95(seconds):8.1f} ms  {asked.label}{' deep' if asked.deep else ''}")
