"""`python -m lakh.seed.address_load`: what addresses, VLANs and networks cost where there are very many of them.

Two installations are seeded, one with a thousandth of the other's addresses and networks. A shared network and a public
range have nine of ten addresses in use, with gaps all over; every isolated network has a VXLAN. Then the same API calls
run on both by turns, in one process, over HTTP, with hosts in memory: processor time and statements for each call, as
medians of blocks, and how many times those of the large one are. Each finding is a line of JSON on standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import uvloop

from lakh.agent import verbs
from lakh.base import log
from lakh.base.clock import SystemClock
from lakh.base.errors import LakhError
from lakh.base.findings import say
from lakh.contract.client import Client, ClientError
from lakh.http.edge import Edge
from lakh.jobs.cloud import Cloud
from lakh.lab.screen import Screen
from lakh.resources.held import Held
from lakh.seed.addresses import GUESTS, PUBLIC, fill
from lakh.seed.recording import MemoryHosts
from lakh.seed.seeding import seed_store
from lakh.seed.size import Size
from lakh.server.cloud import open_cloud
from lakh.server.config import Configuration
from lakh.store.opening import open_store
from lakh.store.store import Store

FEWER: Final = 1000
LEAST_ADDRESSES, LEAST_NETWORKS = 1000, 100
"""So that lists have a second page."""
HOSTS, VMS, ACCOUNTS = 50, 1000, 10
ROUNDS, CALLS_A_BLOCK = 7, 20
FEW_ROUNDS, FEW_CALLS = 2, 4
"""Where there are too few addresses for a verdict."""
VERDICT_FROM: Final = 10_000
IDLE_SECONDS: Final = 0.001
SHARED, NAT, WIRES = "DefaultSharedNetworkOffering", "DefaultIsolatedNetworkOfferingWithSourceNatService", "wires"


class Lag:
    """How long the event loop was held up at most."""

    def __init__(self) -> None:
        self.most = 0.0

    async def __aenter__(self) -> Lag:
        self._task = asyncio.create_task(self._look())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)
        self._task.cancel()

    async def _look(self) -> None:
        while True:
            began = time.thread_time()  # what others do on this machine is not ours
            await asyncio.sleep(IDLE_SECONDS)
            self.most = max(self.most, time.thread_time() - began)


@dataclass(slots=True)
class Grown:
    """An installation, open, with a client of its root admin; `taken` are (CPU ms, statements) of blocks by call."""

    name: str
    addresses: int
    networks: int
    told: dict[str, Any]
    store: Store
    cloud: Cloud
    edge: Edge
    admin: Client
    ids: dict[str, str] = field(default_factory=dict)
    taken: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    number: int = 0

    async def close(self) -> None:
        await self.admin.close()
        await self.edge.stop()
        await self.cloud.worker.stop()
        await self.store.close()

    def statements(self) -> float:
        counters = self.store.counters()
        return counters["statements"] + counters["read_statements"]


async def grow(folder: Path, name: str, addresses: int, networks: int) -> Grown:
    """Seeds and opens an installation, and tells what opening and its first allocations took. Raises LakhError."""
    config = Configuration(data_folder=str(folder / name), log_level="warning")
    size = Size(hosts=HOSTS, vms=VMS, accounts=ACCOUNTS, networks=networks, domains=0, zones=1, hosts_per_cluster=50)
    told = await seed_store(config, size, Screen())
    say(note=f"{name}: {networks:,} networks; {addresses:,} addresses follow")
    made = await _opened(name, addresses, networks, told, config)
    await _places(made)
    await fill(made.cloud, made.ids["shared"], made.ids["range"], addresses, networks)
    await made.close()
    began = time.process_time()
    again = await _opened(name, addresses, networks, told, config)
    again.ids = made.ids
    say(figure=f"start_cpu_{name}", value=time.process_time() - began, unit="s")
    await again.cloud.part(Held).load()
    before, began = _resident_bytes(), time.process_time()
    async with Lag() as lag:
        for call in CALLS.values():
            await call(again)
    say(figure=f"first_calls_cpu_{name}", value=time.process_time() - began, unit="s")
    say(figure=f"first_calls_memory_{name}", value=(_resident_bytes() - before) / 1e6, unit="MB")
    say(figure=f"loop_held_{name}", value=lag.most * 1000, unit="ms")
    return again


async def _opened(name: str, addresses: int, networks: int, told: dict[str, Any], config: Configuration) -> Grown:
    store, hosts = await open_store(config.store_url), MemoryHosts()
    cloud = await open_cloud(store, hosts, SystemClock(), config, Random(1))
    await hosts.join(cloud, told)
    edge = Edge(cloud)
    port = await edge.start("127.0.0.1", 0)
    admin = Client("127.0.0.1", port, told["admin"]["api_key"], told["admin"]["secret_key"])
    return Grown(name, addresses, networks, told, store, cloud, edge, admin)


async def _places(made: Grown) -> None:
    """The shared network, the public range, and a network that takes public addresses."""
    admin, zone = made.admin, made.told["zones"][0]
    offerings = {o["name"]: o["id"] for o in (await admin.call("listNetworkOfferings"))["networkoffering"]}
    last = made.addresses - 1
    shared = await admin.call(
        "createNetwork", name="wide", zoneid=zone, networkofferingid=offerings[SHARED], vlan=4000, gateway="10.128.0.1",
        netmask="255.128.0.0", startip=str(IPv4Address(GUESTS)), endip=str(IPv4Address(GUESTS + last)),
    )  # fmt: skip
    nat = await admin.call("createNetwork", name="nat", zoneid=zone, networkofferingid=offerings[NAT])
    physical = (await admin.call("listPhysicalNetworks", zoneid=zone))["physicalnetwork"][0]["id"]
    public: dict[str, Any] = {
        "zoneid": zone, "physicalnetworkid": physical, "vlan": 99, "gateway": "100.64.0.1", "netmask": "255.128.0.0",
        "startip": str(IPv4Address(PUBLIC)), "endip": str(IPv4Address(PUBLIC + last)),
    }  # fmt: skip
    for old in (await admin.call("listVlanIpRanges", zoneid=zone, forvirtualnetwork=True))["vlaniprange"]:
        await admin.call("deleteVlanIpRange", id=old["id"])  # that the wide one be used
    began = time.process_time()
    async with Lag() as lag:
        within = (await admin.call("createVlanIpRange", **public))["vlan"]["id"]
    say(figure=f"range_cpu_{made.name}", value=(time.process_time() - began) * 1000, unit="ms")
    say(figure=f"range_loop_held_{made.name}", value=lag.most * 1000, unit="ms")
    made.ids = {"shared": shared["network"]["id"], "nat": nat["network"]["id"], "range": within}
    made.ids |= {"wires": offerings[WIRES]}


# --- calls -----------------------------------------------------------------------------------------------------------
async def _deploy(on: Grown, network: str, *, start: bool) -> str:
    on.number += 1
    told = on.told
    done = await on.admin.job(
        "deployVirtualMachine", zoneid=told["zones"][0], templateid=told["templates"][0], networkids=network,
        serviceofferingid=told["offerings"][0], name=f"asked-{on.number}", startvm=start,
    )  # fmt: skip
    return str(done["virtualmachine"]["id"])


async def guest_address(on: Grown) -> None:
    """An Instance in the shared network, not started, and its end: an address taken and given back."""
    vm = await _deploy(on, on.ids["shared"], start=False)
    await on.admin.job("destroyVirtualMachine", id=vm, expunge=True)


async def public_address(on: Grown) -> None:
    """A public address acquired and released."""
    made = await on.admin.job("associateIpAddress", networkid=on.ids["nat"])
    await on.admin.job("disassociateIpAddress", id=made["ipaddress"]["id"])


async def network(on: Grown) -> None:
    """An isolated network made and deleted."""
    on.number += 1
    made = await on.admin.call(
        "createNetwork", name=f"made-{on.number}", zoneid=on.told["zones"][0], networkofferingid=on.ids["wires"]
    )
    await on.admin.job("deleteNetwork", id=made["network"]["id"])


async def vlan(on: Grown) -> None:
    """The same with an Instance that starts in it: a VXLAN taken and given back."""
    on.number += 1
    made = await on.admin.call(
        "createNetwork", name=f"lived-{on.number}", zoneid=on.told["zones"][0], networkofferingid=on.ids["wires"]
    )
    vm = await _deploy(on, made["network"]["id"], start=True)
    await on.admin.job("destroyVirtualMachine", id=vm, expunge=True)
    await on.admin.job("deleteNetwork", id=made["network"]["id"])


async def list_public_addresses(on: Grown) -> None:
    """A page of those in use."""
    await on.admin.call("listPublicIpAddresses", listall=True, page=2, pagesize=50)


async def list_free_addresses(on: Grown) -> None:
    """A page of free ones, deep in the range."""
    await on.admin.call(
        "listPublicIpAddresses", listall=True, allocatedonly=False, forvirtualnetwork=True, vlanid=on.ids["range"],
        page=1 + on.addresses * 9 // 10 // 50 + 1, pagesize=50,
    )  # fmt: skip


async def list_networks(on: Grown) -> None:
    """A page of isolated networks."""
    await on.admin.call("listNetworks", listall=True, type="Isolated", page=2, pagesize=50)


async def list_nics(on: Grown) -> None:
    """Those of one Instance."""
    vm = on.ids.get("vm")
    if vm is None:
        vm = on.ids["vm"] = await _deploy(on, on.ids["shared"], start=False)
    await on.admin.call("listNics", virtualmachineid=vm)


CALLS: Final[dict[str, Callable[[Grown], Awaitable[None]]]] = {
    call.__name__: call
    for call in (
        guest_address, public_address, network, vlan, list_public_addresses, list_free_addresses, list_networks,
        list_nics,
    )
}  # fmt: skip


async def block(on: Grown, name: str, calls: int) -> None:
    """So many calls, one after the other."""
    call = CALLS[name]
    before, began = on.statements(), time.process_time()
    for _ in range(calls):
        await call(on)
    cpu = (time.process_time() - began) * 1000 / calls
    on.taken.setdefault(name, []).append((cpu, (on.statements() - before) / calls))


async def measure(folder: Path, addresses: int, networks: int) -> None:
    """Seeds, measures, tells. Raises LakhError, ClientError."""
    few = await grow(folder, "few", max(LEAST_ADDRESSES, addresses // FEWER), max(LEAST_NETWORKS, networks // FEWER))
    many = await grow(folder, "many", addresses, networks)
    rounds, calls = (ROUNDS, CALLS_A_BLOCK) if addresses >= VERDICT_FROM else (FEW_ROUNDS, FEW_CALLS)
    for number in range(rounds):
        for name in CALLS:
            for on in (few, many) if number % 2 else (many, few):
                await block(on, name, calls)
    ratios: dict[str, list[float]] = {"cpu_ratio": [], "list_cpu_ratio": [], "statements_ratio": []}
    slowest = 0.0
    for name in CALLS:
        medians = {}
        for on in (few, many):
            cpu, statements = (median(values) for values in zip(*on.taken[name], strict=True))
            medians[on.name] = cpu, statements
            say(figure=f"{name}_cpu_{on.name}", value=cpu, unit="ms")
            say(figure=f"{name}_statements_{on.name}", value=statements, unit="")
        of_cpu = medians["many"][0] / max(medians["few"][0], 1e-9)
        say(figure=f"{name}_cpu_ratio", value=of_cpu, unit="")
        is_list = name.startswith("list_")
        ratios["list_cpu_ratio" if is_list else "cpu_ratio"].append(of_cpu)
        ratios["statements_ratio"].append((1 + medians["many"][1]) / (1 + medians["few"][1]))
        slowest = max(slowest, medians["many"][0] if is_list else 0.0)
    for name, values in ratios.items():
        say(figure=name, value=max(values), unit="")
    say(figure="slowest_list_cpu_many", value=slowest, unit="ms")
    for on in (few, many):
        await on.close()


def _resident_bytes() -> int:
    """Of this process, without what it has freed."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 2 for what the caller can mend."""
    parser = argparse.ArgumentParser(
        prog="python -m lakh.seed.address_load", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--addresses", type=int, default=1_000_000)
    parser.add_argument("--networks", type=int, default=100_000)
    parser.add_argument("--folder", help="where the stores are for the time (default: a temporary one)")
    given = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    log.configure("warning", "address-load")
    verbs.load()
    try:
        with tempfile.TemporaryDirectory(prefix="lakh-addresses-", dir=given.folder) as folder:
            uvloop.run(measure(Path(folder), given.addresses, given.networks))
    except (LakhError, ClientError) as error:
        sys.stderr.write(f"address_load: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
