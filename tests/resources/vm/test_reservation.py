"""Stopped Instances keep their place on their host for `capacity.skipcounting.hours`, which are seconds."""

from __future__ import annotations

from typing import Any

import pytest
from tests.resources.vm.conftest import Stage

from lakh.healing.capacity import CapacityDrift
from lakh.healing.reservations import StoppedReservations
from lakh.resources.host.index import HostIndex

SETTING = "capacity.skipcounting.hours"


@pytest.fixture
async def whole_host(stage: Stage) -> str:
    """An offering that takes all CPU of a host."""
    made = await stage.admin.call(
        "createServiceOffering", name="Whole", displaytext="Whole", cpunumber=16, cpuspeed=2000, memory=1024
    )
    offering: str = made["serviceoffering"]["id"]
    return offering


async def stopped_vm(stage: Stage, offering: str) -> dict[str, Any]:
    """As it was when it ran."""
    vm = await stage.deploy(serviceofferingid=offering)
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    return vm


async def allocated(stage: Stage, host: str) -> str:
    found = (await stage.admin.call("listHosts", id=host))["host"][0]
    percent: str = found["cpuallocated"]
    return percent


async def test_nobody_else_gets_the_place_of_a_stopped_vm(stage: Stage, whole_host: str) -> None:
    vm = await stopped_vm(stage, whole_host)
    assert await allocated(stage, vm["hostid"]) == "100%"
    await stage.world.check()
    wanted = stage.world.deploy_parameters(hostid=vm["hostid"])
    refused = await stage.job_fails(stage.admin, "deployVirtualMachine", "too little free CPU", **wanted)
    assert "None of 4 hosts fits 1 x 500 MHz CPU and 512 MiB memory: 3 not the host asked for, 1 " in str(refused)
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert started["hostid"] == vm["hostid"]
    await stage.world.check()


async def test_its_place_ends_when_its_time_is_up(stage: Stage, whole_host: str) -> None:
    vm = await stopped_vm(stage, whole_host)
    ending = StoppedReservations()
    stage.api.clock.forward(3590)
    await ending.run(stage.api.cloud)
    assert await allocated(stage, vm["hostid"]) == "100%"
    stage.api.clock.forward(11)
    await ending.run(stage.api.cloud)
    assert await allocated(stage, vm["hostid"]) == "0%"
    await stage.world.check()
    other = await stage.deploy(hostid=vm["hostid"])
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert started["hostid"] != other["hostid"], "there is no room for all of it now"


async def test_its_place_ends_when_it_runs_elsewhere_or_is_destroyed(stage: Stage, whole_host: str) -> None:
    vm = await stopped_vm(stage, whole_host)
    other = next(host.uuid for host in stage.world.made.hosts if host.uuid != vm["hostid"])
    await stage.job(stage.admin, "startVirtualMachine", id=vm["id"], hostid=other)
    assert (await allocated(stage, vm["hostid"]), await allocated(stage, other)) == ("0%", "100%")
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    assert await allocated(stage, other) == "100%"
    await stage.job(stage.admin, "destroyVirtualMachine", id=vm["id"])
    assert await allocated(stage, other) == "0%"


async def test_a_start_that_fails_leaves_it_its_place(stage: Stage, whole_host: str) -> None:
    vm = await stopped_vm(stage, whole_host)
    stage.hosts.refuse = lambda _host, command: "no" if command.name == "StartCommand" else ""
    await stage.job_fails(stage.admin, "startVirtualMachine", "no", id=vm["id"])
    assert await allocated(stage, vm["hostid"]) == "100%"
    others = [host.uuid for host in stage.world.made.hosts if host.uuid != vm["hostid"]]
    assert {await allocated(stage, host) for host in others} == {"0%"}
    await stage.world.check()


async def test_nothing_is_kept_when_the_setting_says_so(stage: Stage, whole_host: str) -> None:
    await stage.admin.call("updateConfiguration", name=SETTING, value=0)
    vm = await stopped_vm(stage, whole_host)
    assert await allocated(stage, vm["hostid"]) == "0%"


async def test_a_deleted_host_keeps_no_place(stage: Stage, whole_host: str) -> None:
    vm = await stopped_vm(stage, whole_host)
    await stage.admin.call("deleteHost", id=vm["hostid"], forced=True)
    started = (await stage.job(stage.admin, "startVirtualMachine", id=vm["id"]))["virtualmachine"]
    assert started["hostid"] != vm["hostid"]


async def test_kept_places_are_no_drift_and_are_there_after_a_restart(stage: Stage, whole_host: str) -> None:
    vm = await stopped_vm(stage, whole_host)
    drift = CapacityDrift()
    for _ in range(3):
        await drift.run(stage.api.cloud)
    assert await allocated(stage, vm["hostid"]) == "100%"
    restarted = HostIndex(stage.api.cloud)
    await restarted.load()
    host = stage.host_id(vm)
    assert tuple(restarted.columns.usage(host)) == (32_000, 1 << 30, 0, 0)
    assert restarted.columns.usage(host) == stage.api.cloud.part(HostIndex).columns.usage(host)
