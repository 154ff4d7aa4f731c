"""Lists of VMs: every filter with something in and something out, who sees what, how much of each VM."""

from __future__ import annotations

from typing import Any

import pytest
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError
from lakh.resources.account.row import DOMAIN_ADMIN


async def ids(stage: Stage, **filters: Any) -> set[str]:
    found = await stage.admin.call("listVirtualMachines", **filters)
    listed = found.get("virtualmachine", [])
    assert found.get("count", 0) == len(listed)
    return {vm["id"] for vm in listed}


async def test_filters(stage: Stage) -> None:
    made = stage.world.made
    web = await stage.deploy(name="web", displayname="Front door", group="g", startvm=True)
    database = await stage.deploy(name="db", startvm=False)
    both, none = {web["id"], database["id"]}, set[str]()
    group = (await stage.admin.call("listInstanceGroups"))["instancegroup"][0]["id"]
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"id": web["id"]}, {web["id"]}),
        ({"ids": f"{web['id']},{database['id']}"}, both),
        ({"name": "web"}, {web["id"]}),
        ({"name": "we"}, none),
        ({"state": "Stopped"}, {database["id"]}),
        ({"state": "Running"}, {web["id"]}),
        ({"zoneid": made.zone.uuid}, both),
        ({"hostid": web["hostid"]}, {web["id"]}),
        ({"podid": made.pod.uuid}, {web["id"]}),
        ({"clusterid": made.cluster.uuid}, {web["id"]}),
        ({"storageid": made.pool.uuid}, {web["id"]}),
        ({"templateid": made.template.uuid}, both),
        ({"isoid": made.template.uuid}, none),
        ({"serviceofferingid": made.offering.uuid}, both),
        ({"networkid": made.network.uuid}, both),
        ({"forvirtualnetwork": False}, both),
        ({"forvirtualnetwork": True}, none),
        ({"groupid": group}, {web["id"]}),
        ({"hypervisor": "kvm"}, both),
        ({"hypervisor": "XenServer"}, none),
        ({"arch": "x86_64"}, both),
        ({"arch": "aarch64"}, none),
        ({"haenable": False}, both),
        ({"haenable": True}, none),
        ({"displayvm": True}, both),
        ({"displayvm": False}, none),
        ({"leased": True}, none),
        ({"leased": False}, both),
        ({"userid": web["userid"]}, both),
        ({"keyword": "FRONT"}, {web["id"]}),
        ({"keyword": "stopped"}, {database["id"]}),
        ({"keyword": "stop"}, none),
        ({"keyword": web["ipaddress"]}, {web["id"]}),
        ({"keyword": web["instancename"]}, {web["id"]}),
        ({"keyword": "nothing of that"}, none),
        ({"name": "web", "state": "Stopped"}, none),
    ]
    for asked, wanted in cases:
        assert await ids(stage, **asked) == wanted, asked


async def test_who_sees_what(stage: Stage) -> None:
    sales = await stage.api.domain("sales")
    boss = await stage.api.user("boss", sales, DOMAIN_ADMIN)
    joe, ann = await stage.api.user("joe", sales), await stage.api.user("ann")
    vms = {"joe": await stage.deploy(joe), "ann": await stage.deploy(ann), "admin": await stage.deploy()}

    async def seen(tenant: Any, **more: Any) -> set[str]:
        found = (await tenant.call("listVirtualMachines", **more)).get("virtualmachine", [])
        return {vm["account"] for vm in found}

    assert await seen(joe) == await seen(joe, listall=True) == {"joe"}
    assert await seen(boss) == set()
    assert await seen(boss, listall=True) == {"joe"}
    assert await seen(stage.admin) == {"admin"}
    assert await seen(stage.admin, listall=True) == {"joe", "ann", "admin"}
    assert await seen(stage.admin, domainid=sales.uuid) == {"joe"}
    assert await seen(stage.admin, account="ann", domainid=1) == {"ann"}
    assert await seen(joe, id=vms["ann"]["id"]) == set()
    assert await seen(boss, id=vms["joe"]["id"]) == {"joe"}
    with pytest.raises(ClientError) as error:
        await ann.call("listVirtualMachines", domainid=sales.uuid)
    assert error.value.errorcode == 531
    shown = (await joe.call("listVirtualMachines"))["virtualmachine"][0]
    hidden = {"hostid", "hostname", "instancename", "displayvm"}
    assert not hidden & shown.keys()
    full = await stage.vm(vms["joe"]["id"])
    assert full is not None
    assert hidden <= full.keys()


async def test_details(stage: Stage) -> None:
    vm = await stage.deploy(diskofferingid=stage.world.made.disk_offering.uuid, group="g")
    fields = {
        "nics": "ipaddress", "tmpl": "templateid", "servoff": "serviceofferingid", "diskoff": "diskofferingid",
        "volume": "rootdevicetype", "group": "group",
    }  # fmt: skip
    for level, field in fields.items():
        shown = (await stage.admin.call("listVirtualMachines", details=level))["virtualmachine"][0]
        assert field in shown, level
        assert not (set(fields.values()) - {field}) & shown.keys(), level
    least = (await stage.admin.call("listVirtualMachines", details="min"))["virtualmachine"][0]
    assert (least["id"], least["nic"], least["securitygroup"]) == (vm["id"], [], [])
    whole = (await stage.admin.call("listVirtualMachines", details="all"))["virtualmachine"][0]
    assert set(fields.values()) <= whole.keys()
    with pytest.raises(ClientError, match="details") as error:
        await stage.admin.call("listVirtualMachines", details="everything")
    assert error.value.errorcode == 431


async def test_pages_and_counts(stage: Stage) -> None:
    made = [(await stage.deploy(startvm=False))["id"] for _ in range(5)]
    second = await stage.admin.call("listVirtualMachines", page=2, pagesize=2)
    assert (second["count"], [v["id"] for v in second["virtualmachine"]]) == (5, made[2:4])
    assert await stage.admin.call("listVirtualMachines", page=9, pagesize=2) == {"count": 5}
    only = await stage.admin.call("listVirtualMachines", retrieveonlyresourcecount=True)
    assert only == {"count": 5}
    with pytest.raises(ClientError, match="Specify either id or ids"):
        await stage.admin.call("listVirtualMachines", id=made[0], ids=made[1])
    metrics = (await stage.admin.call("listVirtualMachinesMetrics", id=made[0]))["virtualmachine"][0]
    assert (metrics["cputotal"], metrics["memorytotal"]) == ("0.5 Ghz", "0.50 GiB")
