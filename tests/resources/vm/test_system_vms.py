"""System VMs: a zone gets them by itself, keeps them through stops, dead hosts and refusals, and shows them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api import Api
from tests.blank import blank
from tests.resources.vm.conftest import Stage
from tests.world import FakeHosts, World

from lakh.contract.client import ClientError
from lakh.healing.system_vms import SystemVms
from lakh.resources.host.index import HostIndex
from lakh.resources.network.system import put_system_networks
from lakh.resources.vlan.row import INSERT as INSERT_RANGE
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.vm.console import answer_console
from lakh.resources.vm.row import BY_UUID
from lakh.store.statement import TxnSpec
from lakh.wire.message import API, Message

KINDS = ["consoleproxy", "secondarystoragevm"]


class Keeper(Stage):
    """A stage whose zone has what system VMs need, and the reconciler driven by hand."""

    reconciler: SystemVms

    async def heal(self, passes: int = 1) -> None:
        """Passes over the zone, each until its jobs have ended."""
        for _ in range(passes):
            await self.reconciler.run(self.api.cloud)
            for job in list(self.api.cloud.worker._live):
                await self.api.cloud.worker.wait(job)

    async def system_vms(self, **filters: Any) -> list[dict[str, Any]]:
        listed = await self.admin.call("listSystemVms", **filters)
        assert listed.get("count", 0) == len(listed.get("systemvm", []))
        found: list[dict[str, Any]] = sorted(listed.get("systemvm", []), key=lambda vm: str(vm["systemvmtype"]))
        return found

    async def one(self, kind: str) -> dict[str, Any]:
        (found,) = await self.system_vms(systemvmtype=kind)
        return found


@pytest.fixture
async def keeper() -> AsyncIterator[Keeper]:
    api = await Api.start(hosts=FakeHosts())
    world = await World.build(api.cloud)
    made = Keeper(api, world)
    made.reconciler = SystemVms()
    zone = world.made.zone
    txn = TxnSpec("test.public")
    await put_system_networks(api.cloud, txn, zone)
    txn.put(
        INSERT_RANGE,
        blank(
            api.cloud, VlanRangeRow, zone_id=zone.id, traffic_type="Public", vlan="untagged", gateway="198.51.100.1",
            netmask="255.255.255.0", start_ip="198.51.100.10", end_ip="198.51.100.12",
        ),
    )  # fmt: skip
    await api.cloud.store.submit(txn)
    yield made
    await world.check()
    await api.stop()


async def test_a_zone_gets_its_system_vms(keeper: Keeper) -> None:
    await keeper.heal()
    vms = await keeper.system_vms()
    assert [vm["systemvmtype"] for vm in vms] == KINDS
    for vm in vms:
        assert vm["state"] == "Running"
        assert "agentstate" not in vm  # its agent never connected
        assert vm["linklocalip"].startswith("169.254.")
        assert vm["privateip"].startswith("10.1.255.")
        assert vm["publicip"] in ("198.51.100.10", "198.51.100.11")
        assert vm["gateway"] == "198.51.100.1"
    assert len({vm["name"][0] for vm in vms}) == 2
    await keeper.heal(2)
    assert await keeper.system_vms() == vms


async def test_its_host_is_told_who_it_is(keeper: Keeper) -> None:
    await keeper.heal()
    vm = await keeper.one("secondarystoragevm")
    domains = [d for host in keeper.hosts.hosts.values() for d in host.hypervisor.domains()]
    (spec,) = [domain.spec for domain in domains if domain.spec.name == vm["name"]]
    boot = dict(pair.split("=", 1) for pair in spec.boot_args.split())
    assert (boot["type"], boot["name"], boot["guid"]) == ("secstorage", vm["name"], vm["name"])
    assert (boot["eth0ip"], boot["eth1ip"], boot["eth2ip"]) == (vm["linklocalip"], vm["privateip"], vm["publicip"])
    assert boot["resource"].endswith("NfsSecondaryStorageResource")
    assert boot["gateway"] == "198.51.100.1"
    octets = [int(part) for part in vm["linklocalip"].split(".")]
    assert vm["linklocalmacaddress"] == "0e:00:" + ":".join(f"{octet:02x}" for octet in octets)


async def test_a_stopped_one_is_started_again(keeper: Keeper) -> None:
    await keeper.heal()
    vm = await keeper.one("consoleproxy")
    stopped = (await keeper.job(keeper.admin, "stopSystemVm", id=vm["id"]))["systemvm"]
    assert stopped["state"] == "Stopped"
    assert keeper.world.running().get(vm["name"]) is None
    await keeper.heal()
    again = await keeper.one("consoleproxy")
    assert (again["id"], again["state"], again["publicip"]) == (vm["id"], "Running", vm["publicip"])


async def test_one_that_does_not_start_is_replaced(keeper: Keeper) -> None:
    await keeper.heal()
    vm = await keeper.one("consoleproxy")
    await keeper.job(keeper.admin, "stopSystemVm", id=vm["id"])
    keeper.hosts.refuse = lambda _, command: "no such image" if command.name == "StartCommand" else ""
    await keeper.heal()
    keeper.hosts.refuse = lambda _, __: ""
    await keeper.heal(2)
    new = await keeper.one("consoleproxy")
    assert new["id"] != vm["id"]
    assert new["state"] == "Running"


async def test_a_creation_that_fails_leaves_nothing(keeper: Keeper) -> None:
    keeper.hosts.refuse = lambda _, command: "no" if command.name == "StartCommand" else ""
    await keeper.heal()
    assert await keeper.system_vms() == []
    assert keeper.world.files() == set()
    keeper.hosts.refuse = lambda _, __: ""
    await keeper.heal()
    assert len(await keeper.system_vms()) == 2  # of three public addresses none was lost


async def test_one_whose_host_is_down_moves(keeper: Keeper) -> None:
    await keeper.heal()
    vm = await keeper.one("secondarystoragevm")
    index = keeper.api.cloud.part(HostIndex)
    lost = index.by_uuid[vm["hostid"]]
    keeper.hosts.away.add(lost)
    for domain in list(keeper.hosts.hosts[lost].hypervisor.domains()):
        keeper.hosts.hosts[lost].hypervisor.stop(domain.spec.name)
    index.set_connected(lost, False)
    index.set_state(lost, status="Down")
    keeper.api.clock.forward(100)
    await keeper.heal(3)
    moved = await keeper.one("secondarystoragevm")
    assert moved["state"] == "Running"
    assert moved["hostid"] != vm["hostid"]


async def test_a_zone_that_is_not_ready_gets_none(keeper: Keeper) -> None:
    zone = keeper.world.made.zone
    await keeper.admin.call("updateZone", id=zone.uuid, allocationstate="Disabled")
    await keeper.heal()
    assert await keeper.system_vms() == []
    await keeper.admin.call("updateZone", id=zone.uuid, allocationstate="Enabled")
    for host_id in keeper.hosts.hosts:
        keeper.api.cloud.part(HostIndex).set_connected(host_id, False)
    await keeper.heal()
    assert await keeper.system_vms() == []
    await keeper.world.connect()
    await keeper.heal()
    assert len(await keeper.system_vms(zoneid=zone.uuid, state="Running")) == 2


async def test_operators_reboot_migrate_scale_and_destroy_them(keeper: Keeper) -> None:
    await keeper.heal()
    vm = await keeper.one("secondarystoragevm")
    assert (await keeper.job(keeper.admin, "rebootSystemVm", id=vm["id"]))["systemvm"]["state"] == "Running"

    other = next(h.uuid for h in keeper.world.made.hosts if h.uuid != vm["hostid"])
    moved = await keeper.job(keeper.admin, "migrateSystemVm", virtualmachineid=vm["id"], hostid=other)
    assert moved["systemvm"]["hostid"] == other

    offerings = await keeper.admin.call("listServiceOfferings", issystem=True, systemvmtype="secondarystoragevm")
    offering = next(o for o in offerings["serviceoffering"] if o["id"] != vm["serviceofferingid"])
    with pytest.raises(ClientError, match="stop it first"):
        await keeper.admin.call("scaleSystemVm", id=vm["id"], serviceofferingid=offering["id"])
    await keeper.job(keeper.admin, "stopSystemVm", id=vm["id"])
    scaled = await keeper.job(keeper.admin, "scaleSystemVm", id=vm["id"], serviceofferingid=offering["id"])
    assert scaled["systemvm"]["serviceofferingid"] == offering["id"]

    await keeper.job(keeper.admin, "destroySystemVm", id=vm["id"])
    assert await keeper.system_vms(systemvmtype="secondarystoragevm") == []
    await keeper.heal()
    assert (await keeper.one("secondarystoragevm"))["id"] != vm["id"]


async def test_users_do_not_see_them(keeper: Keeper) -> None:
    await keeper.heal()
    joe = await keeper.api.user("joe")
    vm = await keeper.one("consoleproxy")
    for command in ("listSystemVms", "stopSystemVm"):
        with pytest.raises(ClientError, match="432"):
            await joe.call(command, id=vm["id"])
    assert await keeper.admin.call("listVirtualMachines", listall=True) == {}
    assert await keeper.admin.call("listVolumes", listall=True) == {}
    assert (await keeper.admin.call("listVolumes", listall=True, listsystemvms=True))["count"] == 2
    user_vm = await keeper.deploy()
    with pytest.raises(ClientError, match="Unable to find a system vm"):
        await keeper.admin.call("stopSystemVm", id=user_vm["id"])


async def test_a_console_proxy_reports_and_asks(keeper: Keeper) -> None:
    await keeper.heal()
    cloud, vm = keeper.api.cloud, await keeper.deploy()
    proxy = await keeper.one("consoleproxy")
    number = int(proxy["name"].split("-")[1])
    report = {"_proxyVmId": number, "_loadInfo": '{"connections":[{"id":1},{"id":2}],"removedSessions":[]}'}
    done = await answer_console(cloud, Message(API + "ConsoleProxyLoadReportCommand", report))
    assert done is not None
    assert (await keeper.one("consoleproxy"))["activeviewersessions"] == 2
    broken = Message(API + "ConsoleProxyLoadReportCommand", report | {"_loadInfo": "{{"})
    assert await answer_console(cloud, broken) is not None
    assert (await keeper.one("consoleproxy"))["activeviewersessions"] == 2

    asked = {"_vmId": vm["id"], "_sid": "wrong", "_host": "h", "_port": "5900", "_isReauthenticating": False}
    refused = await answer_console(cloud, Message(API + "ConsoleAccessAuthenticationCommand", asked))
    assert refused is not None
    assert refused.body["_success"] is False
    asked["_sid"] = (await cloud.store.rows(BY_UUID, vm["id"]))[0].vnc_password
    allowed = await answer_console(cloud, Message(API + "ConsoleAccessAuthenticationCommand", asked))
    assert allowed is not None
    assert (allowed.name, allowed.body["_success"]) == ("ConsoleAccessAuthenticationAnswer", True)
    assert await answer_console(cloud, Message(API + "SomethingElse", {})) is None
