"""What is seeded is what the API would have made: row by row, the same but for ids, names that carry one, and times."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec
import pytest
from tests.api import Api
from tests.ground import AgentLink
from tests.invariants import check_store
from tests.world import FakeHosts

from lakh.agent.fake import FakeHypervisor
from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.host import Host
from lakh.agent.images import ImageStores
from lakh.agent.router import Routers
from lakh.agent.startup import startup
from lakh.fleet.identity import Identities
from lakh.lab.screen import Screen
from lakh.resources.account.row import AccountRow
from lakh.resources.domain.row import DomainRow
from lakh.resources.event.row import EventRow
from lakh.resources.host.connect import connect
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import HostCapacityRow, HostRow
from lakh.resources.limit.row import ResourceCountRow
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import NicRow
from lakh.resources.physical_network.row import GuestVlanRow
from lakh.resources.storage_pool.row import StoragePoolHostRow, StoragePoolRow
from lakh.resources.template.row import TemplatePoolRow
from lakh.resources.user.row import UserRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.seed.hosts import identities
from lakh.seed.places import POOL_BYTES, Places, fleet_map, make_places
from lakh.seed.seeding import Seeding
from lakh.seed.size import Size, SizeError
from lakh.store.statement import select
from lakh.wire.startup import StartupCommand

SIZE = Size(
    hosts=2, vms=4, volumes=6, accounts=2, networks=2, domains=1, zones=1, events=2, running=50, hosts_per_cluster=2
).checked()
OF_EACH = (
    DomainRow, AccountRow, UserRow, ResourceCountRow, NetworkRow, GuestVlanRow, HostRow, HostCapacityRow,
    StoragePoolHostRow, VmRow, VolumeRow, NicRow, EventRow,
)  # fmt: skip
NAMES = {"name", "username", "display_text", "instance_name", "lastname", "firstname", "email", "description"}
"""Texts that say which one it is."""
OWN = {
    "users": {"password"},
    "domain": {"path"},
    "network": {"broadcast_uri", "network_domain"},
    "guest_vlan": {"vlan"},
    "host": {"guid", "private_ip", "private_mac", "storage_ip"},
    "vm": {"vnc_password", "template_id", "service_offering_id", "cpus", "speed_mhz", "memory_mb"},
    "volume": {"path", "template_id"},
    "nic": {"ip", "mac", "broadcast_uri"},
    "event": {"resource_uuid"},
}
"""Columns that differ from one row to the next of the same kind, whoever made them."""
ALL = {row: select(f"test.all_{row.TABLE.name}", row, "") for row in OF_EACH}


@dataclass
class Seeded:
    api: Api
    places: Places
    told: dict[str, Any]


@pytest.fixture
async def seeded() -> AsyncIterator[Seeded]:
    """A seeded installation under a running server whose hosts are fakes."""
    api = await Api.start(hosts=FakeHosts())
    places = await make_places(api.cloud, api.admin.client, SIZE)
    told = await Seeding(api.cloud, places, SIZE, Screen()).run()
    yield Seeded(api, places, told)
    await api.stop()


def shape(row: Any) -> dict[str, Any]:
    """The row without what tells it from the next: ids stay as whether there is one."""
    own = OWN.get(row.TABLE.name, set()) | NAMES
    refs = {column.name for column in row.TABLE.columns if column.ref} | {"id", "uuid", "owner_id"}
    found: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(row).items():
        if name in own or name in refs or name.endswith("_ms"):
            found[name] = value is not None
        elif row.TABLE.name in ("resource_count", "host_capacity"):
            found[name] = type(value)
        else:
            found[name] = value
    return found


async def snapshot(api: Api) -> dict[str, list[Any]]:
    return {row.TABLE.name: await api.cloud.store.rows(ALL[row]) for row in OF_EACH}


def agent(api: Api, known: Identities, number: int, storage: SharedStorage) -> Host:
    hypervisor = FakeHypervisor(known.facts(number), number, storage, api.clock, SharedAddresses(None))
    own = (Routers(), ImageStores(), api.clock, Random(number), api.cloud.uuids)
    return Host(known.guid(number), known.place(number), hypervisor, *own)


async def come(api: Api, host: Host) -> int:
    """The agent connects; its row's id."""
    session = AgentLink(api.cloud.hosts, host)  # type: ignore[arg-type]
    said = msgspec.convert(startup(host, "", False).body, StartupCommand, strict=False)
    host_id = await connect(api.cloud, session, said)
    assert host_id is not None, session.refused
    return host_id


async def through_the_api(seeded: Seeded) -> None:
    """One of everything that is seeded, made as people and agents do; the host is a third one."""
    api, admin, places = seeded.api, seeded.api.admin, seeded.places
    domain = (await admin.call("createDomain", name="beside"))["domain"]
    made = await admin.call(
        "createAccount", username="by-api", password="password", firstname="Made", lastname="Through", email="x@y.z",
        accounttype=0, domainid=domain["id"],
    )  # fmt: skip
    keys = (await admin.call("registerUserKeys", id=made["account"]["user"][0]["id"]))["userkeys"]
    tenant = api.client(keys["apikey"], keys["secretkey"])
    storage = SharedStorage(POOL_BYTES)
    places.zones[0].hosts = 3
    more = identities(fleet_map(places, msgspec.structs.replace(SIZE, hosts_per_cluster=3)), SIZE.seed)
    index = api.cloud.part(HostIndex)
    await come(api, agent(api, more, 3, storage))
    pool = (await api.cloud.snapshots.of(StoragePoolRow)).live[0]
    copies = select("test.all_template_pool", TemplatePoolRow, "")
    for copy in await api.cloud.store.rows(copies):
        storage.add(pool.uuid, copy.install_path.rpartition("/")[2], "template", copy.size_bytes, copy.size_bytes)
    await index.load()
    zone, offering = places.zones[0].row.uuid, places.network_offering.uuid
    network = (await tenant.call("createNetwork", zoneid=zone, name="net", networkofferingid=offering))["network"]
    disk = {"diskofferingid": places.disk_offering.uuid}
    for extra in ({}, disk):
        await tenant.job(
            "deployVirtualMachine", zoneid=zone, networkids=network["id"], templateid=places.templates[0].uuid,
            serviceofferingid=places.offerings[0].uuid, **extra,
        )  # fmt: skip
    listed = await tenant.call("listVirtualMachines")
    await tenant.job("stopVirtualMachine", id=listed["virtualmachine"][0]["id"])


def unlike(before: list[Any], after: list[Any]) -> list[dict[str, Any]]:
    """Of each seeded row whose like the API did not make: what differs from the row that is most like it."""
    made = [shape(row) for row in after if row not in before]
    found = []
    for row in before:
        own = shape(row)
        apart = [{name: (own[name], each[name]) for name in own if own[name] != each[name]} for each in made]
        if nearest := min(apart, key=len, default={"made": (True, False)}):
            found.append(nearest)
    return found


FIRST = {"domain": 1, "account": 2, "users": 2}
"""Ids up to these are a fresh installation's own."""


async def test_a_seeded_row_differs_from_one_that_the_api_made_in_ids_and_times_only(seeded: Seeded) -> None:
    before = await snapshot(seeded.api)
    await through_the_api(seeded)
    after = await snapshot(seeded.api)
    for table, rows in before.items():
        own = [row for row in rows if getattr(row, "id", 9) > FIRST.get(table, 0)]
        if table == "network":
            own = [row for row in own if not row.is_system]
        if table == "account":  # the first of a domain is its admin
            own = [msgspec.structs.replace(row, type=0, role_id=4) for row in own]
        if table == "host":  # what the server's life adds to a host
            own = [
                msgspec.structs.replace(row, management_server_id=after["host"][-1].management_server_id) for row in own
            ]
        if table == "event":
            own = [row for row in own if row.type == "VM.CREATE"]
        assert own, table
        assert unlike(own, after[table]) == [], table


async def test_sums_are_those_of_the_rows(seeded: Seeded) -> None:
    await check_store(seeded.api.cloud.store)


async def test_a_fleet_of_the_same_map_and_seed_finds_its_hosts_known(seeded: Seeded) -> None:
    api = seeded.api
    known = {row.guid: row.id for row in (await snapshot(api))["host"]}
    first = agent(api, identities(fleet_map(seeded.places, SIZE), SIZE.seed), 1, SharedStorage(POOL_BYTES))
    host_id = await come(api, first)
    assert host_id in known.values()
    assert len((await snapshot(api))["host"]) == SIZE.hosts


async def test_tenants_can_use_what_was_seeded_for_them(seeded: Seeded) -> None:
    account = seeded.told["accounts"][1]
    tenant = seeded.api.client(account["api_key"], account["secret_key"])
    listed = await tenant.call("listVirtualMachines")
    assert {vm["account"] for vm in listed["virtualmachine"]} == {account["name"]}
    assert {vm["state"] for vm in listed["virtualmachine"]} <= {"Running", "Stopped"}


@pytest.mark.parametrize(
    "wrong",
    [
        Size(vms=10, hosts=0),
        Size(vms=10, volumes=5),
        Size(vms=10, volumes=50),
        Size(vms=0, networks=5, accounts=0),
        Size(vms=10, networks=1, zones=4),
    ],
)
def test_numbers_that_do_not_go_together_are_refused(wrong: Size) -> None:
    with pytest.raises(SizeError):
        wrong.checked()
