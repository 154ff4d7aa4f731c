"""Stopping, starting, rebooting, destroying: what the API says is what the hosts do."""

from __future__ import annotations

import pytest
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError


async def test_a_vm_stops_and_starts_where_it_was(stage: Stage) -> None:
    vm = await stage.deploy(name="web")
    assert vm["state"] == "Running"
    stopped = (await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert stopped["state"] == "Stopped"
    assert "hostid" not in stopped
    assert stopped["nic"] == vm["nic"], "a stopped VM keeps its address"
    assert stage.world.running() == {}
    await stage.world.check()
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert (started["state"], started["hostid"]) == ("Running", vm["hostid"])
    await stage.world.check()


async def test_a_vm_starts_elsewhere_when_its_host_is_away(stage: Stage) -> None:
    vm = await stage.deploy()
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    away = next(h.id for h in stage.world.made.hosts if h.uuid == vm["hostid"])
    stage.hosts.away.add(away)
    await stage.world.connect()
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert started["hostid"] != vm["hostid"]


async def test_starting_twice_and_stopping_twice(stage: Stage) -> None:
    vm = await stage.deploy()
    with pytest.raises(ClientError, match="already running"):
        await stage.job(stage.admin, "startVirtualMachine", id=vm["id"])
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    again = (await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert again["state"] == "Stopped"
    with pytest.raises(ClientError, match="only a running one reboots"):
        await stage.job(stage.admin, "rebootVirtualMachine", id=vm["id"])


async def test_requests_for_one_vm_run_in_order(stage: Stage) -> None:
    vm = await stage.deploy()
    jobs = [
        (await stage.admin.call(command, id=vm["id"]))["jobid"]
        for command in ("stopVirtualMachine", "startVirtualMachine", "rebootVirtualMachine", "stopVirtualMachine")
    ]
    for job in jobs:
        await stage.api.cloud.worker.wait(job)
        assert (await stage.admin.call("queryAsyncJobResult", jobid=job))["jobstatus"] == 1
    found = await stage.vm(vm["id"])
    assert found is not None
    assert found["state"] == "Stopped"


async def test_a_host_that_will_not_stop_leaves_the_vm_running(stage: Stage) -> None:
    vm = await stage.deploy()
    stage.hosts.refuse = lambda _host, command: "busy" if command.name == "StopCommand" else ""
    with pytest.raises(ClientError, match="busy") as error:
        await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    assert error.value.errorcode == 534
    found = await stage.vm(vm["id"])
    assert found is not None
    assert found["state"] == "Running"
    await stage.world.check()
    stage.hosts.refuse = lambda _host, _command: ""


async def test_a_forced_stop_needs_no_host(stage: Stage) -> None:
    vm = await stage.deploy()
    stage.hosts.refuse = lambda _host, command: "busy" if command.name == "StopCommand" else ""
    stopped = (await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"], forced=True))["virtualmachine"]
    assert stopped["state"] == "Stopped"
    assert vm["instancename"] in stage.world.running()
    await stage.job_fails(stage.admin, "startVirtualMachine", "may run it still", id=vm["id"])
    await stage.world.check()
    stage.hosts.refuse = lambda _host, _command: ""
    other = next(host for host in stage.world.made.hosts if host.uuid != vm["hostid"])
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"], hostid=other.uuid))["virtualmachine"]
    assert started["hostid"] == other.uuid
    assert stage.world.running() == {vm["instancename"]: [other.id]}
    await stage.world.check()


async def test_reboots(stage: Stage) -> None:
    vm = await stage.deploy()
    rebooted = (await stage.job(stage.admin, "rebootVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert (rebooted["state"], rebooted["hostid"]) == ("Running", vm["hostid"])
    assert [name for _, name in stage.hosts.said][-1] == "RebootCommand"
    forced = (await stage.job(stage.admin, "rebootVirtualMachine", id=vm["id"], forced=True))["virtualmachine"]
    assert forced["state"] == "Running"
    assert [name for _, name in stage.hosts.said][-2:] == ["StopCommand", "StartCommand"]


async def test_destroyed_then_expunged(stage: Stage) -> None:
    vm = await stage.deploy()
    joe = await stage.api.user("joe")
    own = await stage.deploy(joe)
    destroyed = (await stage.job(joe, "destroyVirtualMachine", id=own["id"]))["virtualmachine"]
    assert destroyed["state"] == "Destroyed"
    assert await stage.vm(own["id"], joe) is None, "users do not see what they destroyed"
    found = await stage.vm(own["id"])
    assert found is not None
    assert found["state"] == "Destroyed"
    with pytest.raises(ClientError, match="only a stopped one starts"):
        await stage.job(joe, "startVirtualMachine", id=own["id"])
    with pytest.raises(ClientError, match="destroy it first"):
        await stage.job(stage.admin, "expungeVirtualMachine", id=vm["id"])
    assert await stage.job(stage.admin, "expungeVirtualMachine", id=own["id"]) == {"success": True}
    assert await stage.vm(own["id"]) is None
    await stage.world.check()
    assert len(stage.world.files()) == 1, "the other VM's disk"


async def test_destroy_with_expunge_gives_everything_back(stage: Stage) -> None:
    first = await stage.deploy(ipaddress="10.2.7.7", diskofferingid=stage.world.made.disk_offering.uuid)
    await stage.job(stage.admin, "destroyVirtualMachine", id=first["id"], expunge=True)
    assert await stage.vm(first["id"]) is None
    await stage.world.check()
    again = await stage.deploy(ipaddress="10.2.7.7")
    assert again["ipaddress"] == "10.2.7.7"


async def test_a_user_may_not_expunge_nor_touch_anothers(stage: Stage) -> None:
    joe, ann = await stage.api.user("joe"), await stage.api.user("ann")
    vm = await stage.deploy(joe)
    with pytest.raises(ClientError, match="does not have permission to operate with provided resource"):
        await stage.job(ann, "stopVirtualMachine", id=vm["id"])
    with pytest.raises(ClientError) as error:
        await stage.job(joe, "destroyVirtualMachine", id=vm["id"], expunge=True)
    assert error.value.errorcode == 531
    assert (await stage.vm(vm["id"])) is not None
    assert "hostid" not in vm
    assert "instancename" not in vm
