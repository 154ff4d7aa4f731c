"""A host with running instances goes into maintenance: they move away first."""

from __future__ import annotations

from tests.resources.vm.conftest import Stage, stage

from lakh.healing.capacity import CapacityDrift

__all__ = ["stage"]


async def test_instances_move_away_before_the_maintenance(stage: Stage) -> None:
    vms = [await stage.deploy() for _ in range(4)]
    host = next(h for h in stage.world.made.hosts if h.uuid == vms[0]["hostid"])
    done = (await stage.job(stage.admin, "prepareHostForMaintenance", id=host.uuid))["host"]
    assert (done["resourcestate"], done["memoryallocated"], done["cpuallocated"]) == ("Maintenance", 0, "0%")
    listed = (await stage.admin.call("listVirtualMachines", listall=True))["virtualmachine"]
    assert [vm["state"] for vm in listed] == ["Running"] * 4
    assert host.uuid not in {vm["hostid"] for vm in listed}
    assert all(host.id not in on for on in stage.world.running().values())
    await stage.world.check()

    drift = CapacityDrift()
    await drift.run(stage.api.cloud)
    await drift.run(stage.api.cloud)
    assert await stage.admin.call("listEvents", type="HOST.RESERVATION.RELEASE", listall=True) == {}


async def test_an_instance_that_its_host_keeps_stops_the_maintenance(stage: Stage) -> None:
    vm = await stage.deploy()
    host = next(h for h in stage.world.made.hosts if h.uuid == vm["hostid"])
    stage.hosts.refuse = lambda _, command: "no way" if command.name == "MigrateCommand" else ""
    await stage.job_fails(stage.admin, "prepareHostForMaintenance", "Unable to move 1 instances away", id=host.uuid)
    found = (await stage.admin.call("listHosts", id=host.uuid))["host"][0]
    assert (found["resourcestate"], found["state"]) == ("ErrorInPrepareForMaintenance", "Up")
    assert stage.world.running() == {vm["instancename"]: [host.id]}
    await stage.world.check()
