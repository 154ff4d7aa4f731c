"""What hosts report and nobody asked for: VMs that went off, came on, or run where they should not."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.resources.vm.conftest import Stage

from lakh.healing.expunge import Expunge
from lakh.healing.power_sync import PowerSync
from lakh.wire.commands import vm as commands


async def kill(stage: Stage, vm: dict[str, Any]) -> int:
    """The domain ends by itself on its host."""
    host_id = stage.host_id(vm)
    await stage.hosts.call(host_id, [commands.stop(vm["instancename"], force=True)])
    return host_id


async def state(stage: Stage, vm: dict[str, Any]) -> tuple[str, str | None]:
    found = await stage.vm(vm["id"])
    assert found is not None
    return found["state"], found.get("hostid")


async def test_a_missing_vm_is_stopped_after_the_grace(stage: Stage) -> None:
    vm = await stage.deploy()
    await stage.report(stage.host_id(vm))
    host = await kill(stage, vm)
    await stage.report(host)
    sync = PowerSync()
    await sync.run(stage.api.cloud)
    assert await state(stage, vm) == ("Running", vm["hostid"]), "a report and a start may have crossed"
    stage.api.clock.forward(121)
    await sync.run(stage.api.cloud)
    await stage.quiet()
    assert await state(stage, vm) == ("Stopped", None)
    await stage.world.check()
    await stage.job(stage.admin, "startVirtualMachine", id=vm["id"])


async def test_reports_of_what_runs_where_it_should_write_nothing(stage: Stage) -> None:
    first = await stage.deploy()
    host = stage.host_id(first)
    await stage.report(host)
    vms = [first, await stage.deploy(hostid=first["hostid"]), await stage.deploy()]
    hosts = {stage.host_id(vm) for vm in vms}
    await asyncio.gather(*(stage.report(host_id) for host_id in hosts - {host}))
    before = stage.api.cloud.store.counters()
    await asyncio.gather(*(stage.report(host_id) for host_id in hosts))
    after = stage.api.cloud.store.counters()
    assert after["transactions"] == before["transactions"]
    assert [await state(stage, vm) for vm in vms] == [("Running", vm["hostid"]) for vm in vms]


async def test_a_vm_that_is_seen_again_runs_on(stage: Stage) -> None:
    vm = await stage.deploy()
    host = stage.host_id(vm)
    running = stage.hosts.hosts[host].hypervisor
    await stage.report(host)
    await take_empty(stage, host)
    assert running.domains()
    await stage.report(host)
    stage.api.clock.forward(500)
    await PowerSync().run(stage.api.cloud)
    await stage.quiet()
    assert await state(stage, vm) == ("Running", vm["hostid"])


async def test_the_host_is_asked_before_a_vm_counts_as_off(stage: Stage) -> None:
    vm = await stage.deploy()
    host = stage.host_id(vm)
    await take_empty(stage, host)
    stage.hosts.away.add(host)
    stage.api.clock.forward(500)
    await PowerSync().run(stage.api.cloud)
    assert await state(stage, vm) == ("Running", vm["hostid"]), "nobody knows while the host is away"
    stage.hosts.away.clear()
    await PowerSync().run(stage.api.cloud)
    await stage.quiet()
    assert await state(stage, vm) == ("Running", vm["hostid"]), "the host runs it after all"


async def take_empty(stage: Stage, host: int) -> None:
    from lakh.resources.vm.power_report import take_report

    await take_report(stage.api.cloud, host, {}, out_of_band=False)


async def test_out_of_band_is_at_once(stage: Stage) -> None:
    vm = await stage.deploy()
    host = await kill(stage, vm)
    await stage.report(host, out_of_band=True)
    assert await state(stage, vm) == ("Stopped", None)


async def test_a_highly_available_vm_is_started_again(stage: Stage) -> None:
    vm = await stage.deploy()
    await stage.admin.call("updateVirtualMachine", id=vm["id"], haenable=True)
    host = await kill(stage, vm)
    await stage.report(host, out_of_band=True)
    assert (await state(stage, vm))[0] == "Running"
    assert len(stage.world.running()) == 1


async def test_a_zone_may_forbid_and_a_cluster_demand_that_vms_are_started_again(stage: Stage) -> None:
    zone, cluster = stage.world.made.zone.uuid, stage.world.made.cluster.uuid

    async def after_its_end(*, available: bool) -> str:
        vm = await stage.deploy()
        await stage.admin.call("updateVirtualMachine", id=vm["id"], haenable=available)
        await stage.report(await kill(stage, vm), out_of_band=True)
        return (await state(stage, vm))[0]

    await stage.admin.call("updateConfiguration", name="force.ha", value="true", clusterid=cluster)
    assert await after_its_end(available=False) == "Running"
    await stage.admin.call("updateConfiguration", name="vm.ha.enabled", value="false", zoneid=zone)
    assert await after_its_end(available=True) == "Stopped"


async def started_by_hand(stage: Stage, vm: dict[str, Any], host: int) -> None:
    """Somebody starts the domain on a host, past us."""
    said = [m for m in stage.sent if m.name == "StartCommand" and m.body["vm"]["name"] == vm["instancename"]]
    await stage.hosts.call(host, [said[-1]])


async def test_a_vm_started_where_it_was_is_taken_in(stage: Stage) -> None:
    vm = await stage.deploy()
    host = stage.host_id(vm)
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    await started_by_hand(stage, vm, host)
    await stage.report(host)
    assert await state(stage, vm) == ("Running", vm["hostid"])
    await stage.world.check()


async def test_a_report_made_before_a_stop_starts_nothing(stage: Stage) -> None:
    from lakh.resources.vm.power_report import take_report

    vm = await stage.deploy()
    host = stage.host_id(vm)
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    await take_report(stage.api.cloud, host, {vm["instancename"]: "PowerOn"}, out_of_band=False)
    assert await state(stage, vm) == ("Stopped", None)
    await stage.world.check()


async def test_a_vm_started_elsewhere_is_stopped_there(stage: Stage) -> None:
    vm = await stage.deploy()
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    other = next(h.id for h in stage.world.made.hosts if h.uuid != vm["hostid"])
    await started_by_hand(stage, vm, other)
    await stage.report(other)
    assert await state(stage, vm) == ("Stopped", None)
    assert stage.world.running() == {}
    assert "should not run" in (await last_event(stage, vm))["description"]


async def last_event(stage: Stage, vm: dict[str, Any]) -> dict[str, Any]:
    """The newest event about the VM."""
    events = await stage.admin.call("listEvents", resourceid=vm["id"], resourcetype="VirtualMachine")
    newest: dict[str, Any] = events["event"][0]
    return newest


async def test_what_is_left_of_an_expunged_vm_is_stopped(stage: Stage) -> None:
    vm = await stage.deploy()
    host = stage.host_id(vm)
    stage.hosts.refuse = lambda _host, command: "busy" if command.name == "StopCommand" else ""
    await stage.job_fails(stage.admin, "destroyVirtualMachine", "in use", id=vm["id"], expunge=True, forced=True)
    stage.hosts.refuse = lambda _host, _command: ""
    assert vm["instancename"] in stage.world.running()
    await stage.report(host)
    assert stage.world.running() == {}
    assert (await last_event(stage, vm))["type"] == "VM.STOP"
    await Expunge().run(stage.api.cloud)
    await stage.quiet()
    assert await stage.vm(vm["id"]) is None


async def test_expunging_by_itself_after_the_delay(stage: Stage) -> None:
    vm = await stage.deploy()
    await stage.job(stage.admin, "destroyVirtualMachine", id=vm["id"])
    healing = Expunge()
    await healing.run(stage.api.cloud)
    await stage.quiet()
    assert (await state(stage, vm))[0] == "Destroyed"
    stage.api.clock.forward(86_401)
    await healing.run(stage.api.cloud)
    await stage.quiet()
    assert await stage.vm(vm["id"]) is None
    assert stage.world.files() == set()


async def test_an_expunge_that_broke_off_is_taken_up(stage: Stage) -> None:
    vm = await stage.deploy()
    stage.hosts.refuse = lambda _host, command: "disk busy" if command.name == "DeleteCommand" else ""
    await stage.job_fails(stage.admin, "destroyVirtualMachine", "disk busy", id=vm["id"], expunge=True)
    assert (await state(stage, vm))[0] == "Expunging"
    stage.hosts.refuse = lambda _host, _command: ""
    await Expunge().run(stage.api.cloud)
    await stage.quiet()
    assert await stage.vm(vm["id"]) is None
