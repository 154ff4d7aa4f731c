"""Every filter of the lists of Instances and volumes, and what deployments show of their parameters."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from tests.filters import Filters
from tests.resources.vm.conftest import Stage, stage

from lakh.resources.network.row import INSERT as INSERT_NETWORK
from lakh.store.statement import TxnSpec

__all__ = ["stage"]


async def _offering(stage: Stage, name: str, **more: Any) -> dict[str, Any]:
    made = await stage.admin.call(
        "createServiceOffering", name=name, displaytext=name, **{"cpunumber": 2, "cpuspeed": 500, "memory": 1024} | more
    )
    offering: dict[str, Any] = made["serviceoffering"]
    return offering


async def _pair(stage: Stage) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """`web` runs and `db` is stopped, on different hosts; the larger offering of `db`."""
    big = await _offering(stage, "big")
    first, second = stage.world.made.hosts[:2]
    web = await stage.deploy(name="web", displayname="Front", hostid=first.uuid, group="fronts")
    db = await stage.deploy(
        name="db", displayname="Back", hostid=second.uuid, serviceofferingid=big["id"], group="backs"
    )
    return web, db, big


async def test_instances(stage: Stage) -> None:
    web, db, big = await _pair(stage)
    admin, made = stage.admin, stage.world.made
    one, two = ["web"], ["db"]
    vms = Filters(admin, "listVirtualMachines", "virtualmachine")
    await vms.tell("id", {web["id"]: one, db["id"]: two})
    await vms.tell("ids", {web["id"]: one, f"{web['id']},{db['id']}": one + two})
    await vms.tell("name", {"web": one, "db": two})
    await vms.tell("keyword", {"WE": one, "back": two})
    await vms.tell("hostid", {web["hostid"]: one, db["hostid"]: two})
    await vms.tell("serviceofferingid", {made.offering.uuid: one, big["id"]: two})
    await vms.tell("groupid", {web["groupid"]: one, db["groupid"]: two})
    await vms.tell("hypervisor", {"KVM": one + two, "XenServer": []})
    await vms.tell("arch", {"x86_64": one + two, "aarch64": []})
    await vms.tell("haenable", {True: [], False: one + two})
    await vms.tell("displayvm", {True: one + two, False: []})
    await vms.tell("networkid", {made.network.uuid: one + two, **await _other_network(stage)})
    await vms.tell("storageid", {made.pool.uuid: one + two, **await _other_pool(stage)})
    await vms.pages()
    await stage.job(admin, "stopVirtualMachine", id=db["id"])
    await vms.tell("state", {"Running": one, "Stopped": two})
    for details, shown in (("min", False), ("all", True)):
        answer = await admin.call("listVirtualMachines", id=web["id"], details=details)
        assert ("nic" in answer["virtualmachine"][0] and "templatename" in answer["virtualmachine"][0]) is shown


async def test_where_instances_are_and_whose(stage: Stage) -> None:
    await _pair(stage)
    admin, made = stage.admin, stage.world.made
    joe = await stage.api.user("joe", await stage.api.domain("north"))
    await stage.deploy(joe, name="joes")
    other = (
        await admin.call("createZone", name="west", networktype="Advanced", dns1="192.0.2.9", internaldns1="192.0.2.8")
    )["zone"]
    pod = (
        await admin.call(
            "createPod", zoneid=other["id"], name="west-pod", gateway="10.9.0.1", netmask="255.255.255.0",
            startip="10.9.0.10", endip="10.9.0.20",
        )
    )["pod"]  # fmt: skip
    (cluster,) = (
        await admin.call(
            "addCluster", zoneid=other["id"], podid=pod["id"], clustername="west", clustertype="CloudManaged",
            hypervisor="KVM",
        )
    )["cluster"]  # fmt: skip
    vms = Filters(admin, "listVirtualMachines", "virtualmachine")
    both, all_three = ["db", "web"], ["db", "joes", "web"]
    await vms.tell("zoneid", {made.zone.uuid: both, other["id"]: []})
    await vms.tell("podid", {made.pod.uuid: both, pod["id"]: []})
    await vms.tell("clusterid", {made.cluster.uuid: both, cluster["id"]: []})
    await vms.tell("listall", {True: all_three, False: both})
    await vms.tell("userid", {stage.admin.user.uuid: both, joe.user.uuid: ["joes"]}, listall=True)
    domains = {d["name"]: d["id"] for d in (await admin.call("listDomains"))["domain"]}
    await vms.tell("domainid", {domains["ROOT"]: both, domains["north"]: ["joes"]})
    await vms.tell("isrecursive", {True: all_three, False: both}, domainid=domains["ROOT"])
    for wanted, count in ((True, 0), (False, 2)):
        answer = await admin.call("listVirtualMachines", retrieveonlyresourcecount=wanted)
        assert (answer["count"], len(answer.get("virtualmachine", []))) == (2, count)


async def _other_network(stage: Stage) -> dict[str, list[str]]:
    """A network like the world's, with nobody on it."""
    cloud = stage.api.cloud
    row = msgspec.structs.replace(stage.world.made.network, id=cloud.id("network"), uuid=cloud.uuid(), name="empty")
    await cloud.store.submit(TxnSpec("test.network").put(INSERT_NETWORK, row))
    return {row.uuid: []}


async def _other_pool(stage: Stage) -> dict[str, list[str]]:
    made = stage.world.made
    pool = await stage.admin.call(
        "createStoragePool", zoneid=made.zone.uuid, name="spare", scope="ZONE", hypervisor="KVM",
        url="nfs://192.0.2.99/export/spare",
    )  # fmt: skip
    return {pool["storagepool"]["id"]: []}


async def test_volumes(stage: Stage) -> None:
    web, db, big = await _pair(stage)
    admin, made = stage.admin, stage.world.made
    for name, vm in (("web-data", web), ("db-data", db)):
        volume = (
            await stage.job(
                admin, "createVolume", name=name, zoneid=made.zone.uuid, diskofferingid=made.disk_offering.uuid
            )
        )["volume"]
        await stage.job(admin, "attachVolume", id=volume["id"], virtualmachineid=vm["id"])
    listed = {v["name"]: v for v in (await admin.call("listVolumes"))["volume"]}
    roots = {v["vmname"]: name for name, v in listed.items() if v["type"] == "ROOT"}
    of_web, of_db = [roots["web"], "web-data"], [roots["db"], "db-data"]
    volumes = Filters(admin, "listVolumes", "volume")
    await volumes.tell("id", {listed["web-data"]["id"]: ["web-data"], listed["db-data"]["id"]: ["db-data"]})
    await volumes.tell("ids", {listed["web-data"]["id"]: ["web-data"], listed["db-data"]["id"]: ["db-data"]})
    await volumes.tell("name", {"web-data": ["web-data"], "db-data": ["db-data"]})
    await volumes.tell("keyword", {"WEB-D": ["web-data"], "-data": ["db-data", "web-data"]})
    await volumes.tell("type", {"ROOT": sorted(roots.values()), "DATADISK": ["db-data", "web-data"]})
    await volumes.tell("virtualmachineid", {web["id"]: of_web, db["id"]: of_db})
    await volumes.tell("hostid", {web["hostid"]: of_web, db["hostid"]: of_db})
    await volumes.tell("serviceofferingid", {made.offering.uuid: [roots["web"]], big["id"]: [roots["db"]]})
    await volumes.tell("state", {"Ready": of_web + of_db, "Allocated": []})
    await volumes.tell("storageid", {made.pool.uuid: of_web + of_db, **await _other_pool(stage)})
    await volumes.tell("displayvolume", {True: of_web + of_db, False: []})
    await volumes.tell("isencrypted", {True: [], False: of_web + of_db})
    await volumes.pages()


async def test_what_a_deployment_was_told_it_shows(stage: Stage) -> None:
    """Two deployments that differ in everything: each answer shows its own values."""
    admin, made = stage.admin, stage.world.made
    big = await _offering(stage, "big")
    keys = [(await admin.call("createSSHKeyPair", name=f"key-{n}"))["keypair"]["name"] for n in (1, 2)]
    groups = [
        (await stage.job(admin, "createAffinityGroup", name=f"group-{n}", type="host anti-affinity"))["affinitygroup"]
        for n in (1, 2)
    ]
    shown = []
    for n in (0, 1):
        vm = await stage.deploy(
            name=f"told-{n}", displayname=f"Told {n}", group=f"team-{n}", keypair=keys[n],
            affinitygroupids=groups[n]["id"], hostid=made.hosts[n].uuid, ipaddress=f"10.2.1.{50 + n}",
            serviceofferingid=(made.offering.uuid, big["id"])[n], startvm=n == 0, displayvm=n == 0,
            macaddress=f"02:00:00:00:00:1{n}", userdata=base64.b64encode(f"#!user {n}".encode()).decode(),
        )  # fmt: skip
        shown.append(vm)
    assert [vm["state"] for vm in shown] == ["Running", "Stopped"]
    assert [vm["keypairs"] for vm in shown] == keys
    assert [vm["group"] for vm in shown] == ["team-0", "team-1"]
    assert [vm["nic"][0]["ipaddress"] for vm in shown] == ["10.2.1.50", "10.2.1.51"]
    assert [vm["nic"][0]["macaddress"] for vm in shown] == ["02:00:00:00:00:10", "02:00:00:00:00:11"]
    assert [vm["affinitygroup"][0]["name"] for vm in shown] == ["group-1", "group-2"]
    assert [vm["serviceofferingname"] for vm in shown] == ["Small", "big"]
