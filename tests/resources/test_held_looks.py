"""Filters that look into other tables, or pass over a text, say in memory what they say in the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from tests.api import Api
from tests.blank import blank
from tests.stores import ENGINES, fresh_store

from lakh.resources.account.ownership import EVERYBODY, Scope
from lakh.resources.event.listing import EVENTS
from lakh.resources.event.row import ARCHIVE, EventRow
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.held import Held
from lakh.resources.host.row import INSERT as INSERT_HOST
from lakh.resources.host.row import HostRow
from lakh.resources.list_conditions import Both
from lakh.resources.listing import LISTINGS, Listing
from lakh.resources.network.list import LISTING as NETWORKS
from lakh.resources.network.row import INSERT as INSERT_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import REMOVE_OF_VM, NicRow
from lakh.resources.router.list import LISTING as ROUTERS
from lakh.resources.vm.list_command import LISTING as INSTANCES
from lakh.resources.vm.list_system import LISTING as SYSTEM_VMS
from lakh.resources.vm.row import INSERT, VmRow
from lakh.resources.volume.list_command import LISTING as VOLUMES
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import VolumeRow
from lakh.store import matching
from lakh.store.statement import TxnSpec

GUEST_TYPES = {1: "Isolated", 2: "Isolated", 3: "Shared", 4: "L2"}
TYPES = ("User", "User", "User", "DomainRouter", "ConsoleProxy")
PAIRS = (None, None, "laptop", "lap_top", "laptop,desk", "desk")


@pytest.fixture(params=ENGINES)
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Api]:
    async with fresh_store(request.param, tmp_path) as store:
        running = await Api.start(store=store)
        yield running
        await running.stop()


async def fill(api: Api) -> list[int]:
    """Forty VMs of all kinds with NICs, disks and hosts; returns their ids."""
    cloud, random, made = api.cloud, Random(3), []
    txn = TxnSpec("test.fill")
    for number, kind in GUEST_TYPES.items():
        txn.put(INSERT_NETWORK, blank(cloud, NetworkRow, id=number, guest_type=kind, acl_type="Account"))
    for number in (1, 2, 3):
        txn.put(INSERT_HOST, blank(cloud, HostRow, id=number, cluster_id=1 + number % 2, guid=f"g{number}"))
    for number in range(40):
        row = blank(
            cloud, VmRow, name=f"vm-{number}", type=TYPES[number % 5], state="Running", account_id=2 + number % 3,
            domain_id=1, host_id=random.choice((None, 1, 2, 3)), service_offering_id=1 + number % 2,
            key_pairs=random.choice(PAIRS), display_vm=True, zone_id=1, pod_id=1,
        )  # fmt: skip
        txn.put(INSERT, msgspec.structs.replace(row, instance_name=f"i-{row.id}"))
        made.append(row.id)
        for network in random.sample((1, 2, 3, 4), number % 3):
            txn.put(INSERT_NIC, blank(cloud, NicRow, vm_id=row.id, network_id=network, traffic_type="Guest"))
        volume = blank(
            cloud, VolumeRow, name=f"ROOT-{number}", type="ROOT", state="Ready", vm_id=row.id,
            pool_id=1 + number % 3, account_id=row.account_id, domain_id=1, zone_id=1,
        )  # fmt: skip
        txn.put(INSERT_VOLUME, volume)
    await cloud.store.submit(txn)
    await cloud.part(Held).load()
    return made


_engines: dict[str, Listing[Any]] = {}


async def told(api: Api, listing: Listing[Any], scope: Scope = EVERYBODY, **filters: Any) -> list[int]:
    """Ids of all rows that fit, which memory and engine must agree on; memory without a pass of the engine."""
    keyword = filters.pop("words", None)
    memory = await listing.page(api.cloud, scope, filters, keyword)
    assert listing._memory is not None
    assert await listing._memory.matched(api.cloud, listing._parts(scope, filters, keyword) or []) is not None
    engine = _engines.get(listing.name)
    if engine is None:
        engine = _engines[listing.name] = Listing(
            listing._row, listing._filters, keyword=listing._keyword, order=listing._order, always=listing._always,
            name=f"test_plain_{listing.name}",
        )  # fmt: skip
        LISTINGS.remove(engine)
    count, rows = await engine.page(api.cloud, scope, filters, keyword)
    assert (memory[0], [row.id for row in memory[1]]) == (count, [row.id for row in rows]), filters
    return [row.id for row in rows]


async def test_looks_into_networks_hosts_and_disks(api: Api) -> None:
    vms = await fill(api)
    questions: Sequence[tuple[Listing[Any], Mapping[str, Any]]] = (
        (INSTANCES, {"networkid": 1}), (INSTANCES, {"networkid": 3, "state": "Running"}), (INSTANCES, {"networkid": 9}),
        (INSTANCES, {"isolated": True}), (INSTANCES, {"shared": True}), (INSTANCES, {"shared": True, "isolated": True}),
        (INSTANCES, {"clusterid": 1}), (INSTANCES, {"storageid": 2}), (INSTANCES, {"storageid": 2, "networkid": 2}),
        (VOLUMES, {"serviceofferingid": 1}), (VOLUMES, {"hostid": 2}), (ROUTERS, {"clusterid": 2}), (ROUTERS, {}),
        (ROUTERS, {"state": "running", "hostid": 1}), (SYSTEM_VMS, {}), (SYSTEM_VMS, {"storageid": 1}),
        (SYSTEM_VMS, {"type": "ConsoleProxy"}), (INSTANCES, {}),
    )  # fmt: skip
    before = [await told(api, listing, **filters) for listing, filters in questions]
    assert sum(1 for found in before if found) >= 15
    assert await told(api, INSTANCES, Scope(account_ids=(3,)), isolated=True)
    gone = before[0][0]
    await api.cloud.store.submit(TxnSpec("test.left").add(REMOVE_OF_VM, gone, 7, expect=None))
    after = [await told(api, listing, **filters) for listing, filters in questions]
    assert after[0] == before[0][1:]
    assert gone in vms


async def test_networks_of_somebody_or_shared_with_them(api: Api) -> None:
    cloud = api.cloud
    txn = TxnSpec("test.networks")
    for number in range(12):
        network = blank(
            cloud, NetworkRow, id=1 + number, guest_type="Isolated", account_id=2 + number % 3,
            domain_id=1 + number % 2, acl_type=("Account", "Account", "Domain")[number % 3],
        )  # fmt: skip
        txn.put(INSERT_NETWORK, network)
    await cloud.store.submit(txn)
    await cloud.part(Held).load()
    assert await told(api, NETWORKS, accounts=Both([2], [3, 5, 99])) == [1, 3, 4, 5, 7, 10]
    assert await told(api, NETWORKS, accounts=Both([4], [])) == []  # its own are for its domain: acl type Domain
    assert await told(api, NETWORKS, domains=Both([2], [1]), type="isolated") == [1, 2, 4, 6, 8, 10, 12]
    assert await told(api, NETWORKS, **{"own accounts": [2, 4]}) == [1, 4, 7, 10]
    assert await told(api, NETWORKS, **{"own domains": [1]}) == [1, 5, 7, 11]


async def test_key_pairs_among_others(api: Api) -> None:
    await fill(api)
    laptop = await told(api, INSTANCES, keypair="%,laptop,%")
    assert len(laptop) > len(await told(api, INSTANCES, keypair=r"%,lap\_top,%")) > 0
    assert await told(api, INSTANCES, keypair="%,lap,%") == []
    assert await told(api, INSTANCES, keypair="%,desk,%", hostid=1) != laptop


async def test_words_in_events_of_all_and_of_a_few(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = api.cloud
    txn = TxnSpec("test.events")
    texts = ("starting Instance one", "Stopping instance TWO", "100% done_well", r"a back\slash", "creating volume")
    ids = []
    for number in range(30):
        kind = ("VM.START", "VM.STOP", "VOLUME.CREATE")[number % 3]
        row = blank(
            cloud, EventRow, type=kind, level=("INFO", "WARN")[number % 2], state="Completed",
            description=texts[number % 5], account_id=2 + number % 2, domain_id=1,
        )  # fmt: skip
        ids.append(row.id)
        txn.put(INSERT_EVENT, row)
    await cloud.store.submit(txn)
    await cloud.part(Held).load()
    for most in (50_000, 3):
        monkeypatch.setattr("lakh.base.limits.LIST_FOUND", most)
        for words in (
            "start",
            "INSTANCE",
            "vm.st",
            "vm_st",
            "warn",
            "0%",
            "100%",
            "e_w",
            "%",
            "two",
            "nothing-like-it",
        ):
            found = await told(api, EVENTS, words=words)
            assert bool(found) == (words != "nothing-like-it"), words
            await told(api, EVENTS, Scope(account_ids=(2,)), words=words)
            await told(api, EVENTS, words=words, type="VM.STOP", level="INFO")
    before = await told(api, EVENTS, words="two")
    await cloud.store.submit(TxnSpec("test.archive").add(ARCHIVE, before[:2], expect=None))
    assert await told(api, EVENTS, words="two") == before[2:]


def test_patterns_are_those_of_like() -> None:
    codes: dict[str | None, int] = {"VM.START": 0, "a_b": 1, "a%b": 2, "axb": 3, None: 4, r"c\d": 5}
    fitting = {
        text: [
            name
            for name, code in codes.items()
            if code in matching.codes_that_fit(matching.Test("t", containing=text), codes)
        ]
        for text in ("vm", "a_b", r"a\_b", r"a\%", "%x", r"c\\")
    }
    assert fitting == {
        "vm": ["VM.START"], "a_b": ["a_b", "a%b", "axb"], r"a\_b": ["a_b"], r"a\%": ["a%b"], "%x": ["axb"],
        r"c\\": [r"c\d"],
    }  # fmt: skip
