"""Implicit dedication, through the API: whose hosts are, who comes to which, and what is said where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api import Tenant
from tests.resources.vm.conftest import Stage
from tests.resources.vm.test_change import template
from tests.resources.vm.test_placement import offering, refusal, setting
from tests.resources.vm.test_power_sync import started_by_hand

from lakh.contract.client import ClientError
from lakh.healing.host_usage import HostUsage
from lakh.healing.reservations import StoppedReservations
from lakh.healing.tenants import MEND, TenantsOfHosts
from lakh.placement.tenants import MIXED, SHARED
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITY
from lakh.store.statement import TxnSpec

PLANNER = "ImplicitDedicationPlanner"


async def implicit(stage: Stage, mode: str | None = None, **more: Any) -> str:
    if mode is not None:
        more |= {"serviceofferingdetails[0].key": "ImplicitDedicationMode", "serviceofferingdetails[0].value": mode}
    return await offering(stage, deploymentplanner=PLANNER, **more)


async def put(stage: Stage, tenant: Tenant | None, **more: Any) -> dict[str, Any]:
    """A VM that the account deployed, as an admin sees it."""
    vm = await stage.vm((await stage.deploy(tenant, **more))["id"])
    assert vm is not None
    return vm


async def tenant_of(stage: Stage, host: dict[str, Any] | int) -> int:
    """Whose the host of a VM is, in memory and in the store alike."""
    host_id = host if isinstance(host, int) else stage.host_id(host)
    row = (await stage.api.cloud.store.rows(CAPACITY, host_id))[0]
    assert stage.api.cloud.part(HostIndex).columns.usage(host_id).tenant == row.tenant
    return row.tenant


async def hosts_of(stage: Stage, tenant: Tenant, count: int, service: str) -> set[str]:
    return {(await put(stage, tenant, serviceofferingid=service))["hostid"] for _ in range(count)}


async def test_an_account_has_its_hosts_to_itself(stage: Stage) -> None:
    joe, ann, strict = await stage.api.user("joe"), await stage.api.user("ann"), await implicit(stage, "Strict")
    first = await put(stage, joe, serviceofferingid=strict)
    assert await tenant_of(stage, first) == joe.account.id
    assert await hosts_of(stage, joe, 4, strict) == {first["hostid"]}, "its own host has room"
    second = await put(stage, ann, serviceofferingid=strict)
    assert await hosts_of(stage, ann, 2, strict) == {second["hostid"]} != {first["hostid"]}
    ordinary = {(await put(stage, tenant))["hostid"] for tenant in (joe, ann, None, joe, ann, None)}
    assert not ordinary & {first["hostid"], second["hostid"]}, "other planners keep away, whoever's the Instance is"


async def test_a_full_host_of_its_own_gives_way_to_an_empty_one(stage: Stage) -> None:
    joe, strict = await stage.api.user("joe"), await implicit(stage)
    half = await implicit(stage, cpunumber=10, cpuspeed=2000)  # more than half of what a host has
    there = [(await put(stage, joe, serviceofferingid=half))["hostid"] for _ in range(2)]
    assert len(set(there)) == 2
    assert await hosts_of(stage, joe, 3, strict) <= set(there)


async def test_strict_says_no_in_words_and_preferred_goes_with_the_rest(stage: Stage) -> None:
    joe, ann = await stage.api.user("joe"), await stage.api.user("ann")
    strict, preferred = await implicit(stage, "Strict"), await implicit(stage, "Preferred")
    names = [h.uuid for h in stage.world.made.hosts]
    await put(stage, ann, serviceofferingid=strict)
    for name in names:
        if not (await stage.admin.call("listVirtualMachines", hostid=name, listall=True)):
            await stage.deploy(hostid=name)
    text = await refusal(stage, serviceofferingid=strict)
    assert text.endswith(": 1 implicitly dedicated to an account, 3 with Instances of others or of other planners")
    assert await refusal(stage, joe, serviceofferingid=strict) == (
        "Unable to create a deployment for the Instance: insufficient capacity"
    )
    vm = await put(stage, joe, serviceofferingid=preferred)
    assert await tenant_of(stage, vm) == SHARED
    assert (await stage.deploy(hostid=vm["hostid"]))["hostid"] == vm["hostid"]


async def test_preferred_has_a_host_of_its_own_where_there_is_one(stage: Stage) -> None:
    joe, preferred = await stage.api.user("joe"), await implicit(stage, "Preferred")
    vm = await put(stage, joe, serviceofferingid=preferred)
    assert await tenant_of(stage, vm) == joe.account.id
    assert "1 implicitly dedicated to an account" in await refusal(stage, hostid=vm["hostid"])


async def test_a_host_is_nobodys_again_with_the_last_to_go(stage: Stage) -> None:
    joe, strict = await stage.api.user("joe"), await implicit(stage)
    one, two = [await put(stage, joe, serviceofferingid=strict) for _ in range(2)]
    host = one["hostid"]
    await stage.job(stage.admin, "destroyVirtualMachine", id=one["id"], expunge=True)
    assert await tenant_of(stage, two) == joe.account.id
    await stage.job(stage.admin, "stopVirtualMachine", id=two["id"])
    assert await tenant_of(stage, two) == joe.account.id, "a stopped Instance keeps its place"
    assert "1 implicitly dedicated" in await refusal(stage, hostid=host)
    started = (await stage.job(stage.admin, "startVirtualMachine", id=two["id"]))["virtualmachine"]
    assert started["hostid"] == host
    await stage.job(stage.admin, "stopVirtualMachine", id=two["id"])
    await setting(stage, "capacity.skipcounting.hours", 0)
    await StoppedReservations().run(stage.api.cloud)
    assert await tenant_of(stage, two) == SHARED
    assert (await stage.deploy(hostid=host))["hostid"] == host
    again = (await stage.job(stage.admin, "startVirtualMachine", id=two["id"]))["virtualmachine"]
    assert again["hostid"] != host
    assert await tenant_of(stage, again) == joe.account.id


async def test_migration_takes_a_host_of_its_own_and_leaves_one(stage: Stage) -> None:
    joe, strict = await stage.api.user("joe"), await implicit(stage)
    vm, other = await put(stage, joe, serviceofferingid=strict), await stage.deploy()
    migrate = {"virtualmachineid": vm["id"]}
    error = await stage.job_fails(
        stage.admin, "migrateVirtualMachine", "other planners", **migrate, hostid=other["hostid"]
    )
    assert error.errorcode == 533
    found = await stage.admin.call("findHostsForMigration", virtualmachineid=vm["id"])
    suitable = {h["id"] for h in found["host"] if h["suitableformigration"]}
    assert other["hostid"] not in suitable
    moved = (await stage.job(stage.admin, "migrateVirtualMachine", **migrate))["virtualmachine"]
    assert moved["hostid"] in suitable
    assert await tenant_of(stage, moved) == joe.account.id
    assert await tenant_of(stage, vm) == SHARED
    left = (await stage.deploy(hostid=vm["hostid"]))["hostid"]
    assert left == vm["hostid"]


async def test_a_migration_that_fails_changes_nobodys_host(stage: Stage) -> None:
    joe, strict = await stage.api.user("joe"), await implicit(stage)
    vm = await put(stage, joe, serviceofferingid=strict)
    stage.hosts.refuse = lambda _host, asked: "cannot" if asked.name == "MigrateCommand" else ""
    await stage.job_fails(stage.admin, "migrateVirtualMachine", "cannot", virtualmachineid=vm["id"])
    stage.hosts.refuse = lambda _host, _asked: ""
    tenants = [await tenant_of(stage, host.id) for host in stage.world.made.hosts]
    assert sorted(tenants) == [SHARED, SHARED, SHARED, joe.account.id]


async def test_a_change_of_size_leaves_the_host_its_tenant(stage: Stage) -> None:
    joe, strict, larger = await stage.api.user("joe"), await implicit(stage), await implicit(stage, cpunumber=2)
    await setting(stage, "enable.dynamic.scale.vm", "true")
    scalable = await template(stage)
    vm = await put(stage, joe, serviceofferingid=strict, templateid=scalable.uuid)
    await stage.job(joe, "scaleVirtualMachine", id=vm["id"], serviceofferingid=larger)
    assert await tenant_of(stage, vm) == joe.account.id


async def test_a_host_that_refuses_is_nobodys_and_the_next_is_taken(stage: Stage) -> None:
    joe, strict, refused = await stage.api.user("joe"), await implicit(stage), list[int]()

    def refuse(host: int, command: Any) -> str:
        if command.name == "StartCommand" and not refused:
            refused.append(host)
            return "not today"
        return ""

    stage.hosts.refuse = refuse
    vm = await put(stage, joe, serviceofferingid=strict)
    assert stage.host_id(vm) not in refused
    assert await tenant_of(stage, vm) == joe.account.id
    assert await tenant_of(stage, refused[0]) == SHARED


async def test_what_runs_there_unasked_closes_the_host_until_it_is_gone(stage: Stage) -> None:
    joe, ann, strict = await stage.api.user("joe"), await stage.api.user("ann"), await implicit(stage)
    await setting(stage, "capacity.skipcounting.hours", 0)
    stray = await put(stage, ann)
    await stage.job(ann, "stopVirtualMachine", id=stray["id"])
    own = await put(stage, joe, serviceofferingid=strict)
    if own["hostid"] != stray["hostid"]:
        there = {"virtualmachineid": own["id"], "hostid": stray["hostid"]}
        own = (await stage.job(stage.admin, "migrateVirtualMachine", **there))["virtualmachine"]
    host_id = stage.host_id(own)
    await started_by_hand(stage, stray, host_id)
    await stage.report(host_id)
    assert (await stage.vm(stray["id"]) or {})["state"] == "Running"
    assert await tenant_of(stage, host_id) == MIXED
    elsewhere = await put(stage, joe, serviceofferingid=strict)
    assert elsewhere["hostid"] != own["hostid"], "not with others"
    assert "1 implicitly dedicated" in await refusal(stage, hostid=own["hostid"])
    healing = TenantsOfHosts()
    for _ in range(2):
        await healing.run(stage.api.cloud)
    assert await tenant_of(stage, host_id) == MIXED
    await stage.job(ann, "stopVirtualMachine", id=stray["id"])
    for _ in range(2):
        await healing.run(stage.api.cloud)
    assert await tenant_of(stage, host_id) == joe.account.id
    events = (await stage.admin.call("listEvents", type="HOST.RESERVATION.RELEASE", listall=True))["event"]
    assert events[0]["description"].endswith(f"is implicitly dedicated to account {joe.account.id}")


async def test_memory_and_store_are_set_right(stage: Stage) -> None:
    joe, ann, strict = await stage.api.user("joe"), await stage.api.user("ann"), await implicit(stage)
    vm = await put(stage, joe, serviceofferingid=strict)
    cloud, host_id = stage.api.cloud, stage.host_id(vm)
    cloud.part(HostIndex).columns.set_usage(host_id, 500, 512 << 20, 1, SHARED)
    usage = HostUsage()
    for _ in range(2):
        await usage.run(cloud)
    assert await tenant_of(stage, vm) == joe.account.id
    await cloud.store.submit(TxnSpec("test.by_hand").add(MEND, host_id, joe.account.id, ann.account.id))
    healing = TenantsOfHosts()
    for _ in range(2):
        await healing.run(cloud)
    assert await tenant_of(stage, vm) == joe.account.id


async def test_a_deployment_may_ask_for_it_alone(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    domain = (await stage.admin.call("listDomains"))["domain"][0]["id"]
    vm = await stage.deploy(deploymentplanner=PLANNER, account="joe", domainid=domain)
    assert await tenant_of(stage, vm) == joe.account.id
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    with pytest.raises(ClientError, match="deploymentplanner 'Dice' is unknown"):
        await stage.admin.call("startVirtualMachine", id=vm["id"], deploymentplanner="Dice")
