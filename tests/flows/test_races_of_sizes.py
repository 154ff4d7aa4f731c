"""An Instance gets another offering while it is about to start: its host's capacity and its domain follow its row."""

from __future__ import annotations

import pytest
from tests.flows.scenarios import parts
from tests.flows.scenarios.vm_change import scalable
from tests.flows.server import ROOT_ADMIN, Server
from tests.invariants import check_host_capacity

from lakh.jobs.row import SUCCEEDED, JobRow
from lakh.resources.command import Call, JobCommand
from lakh.resources.host.emptying import stop_lost
from lakh.resources.host.reach import must
from lakh.resources.vm.change_service import ChangeServiceForVirtualMachine
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.resources.vm.launch import start_command
from lakh.resources.vm.power_report import take_report
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.scale import ScaleVirtualMachine
from lakh.resources.vm.start import StartVirtualMachine
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import TxnSpec


async def another_size(server: Server, offering_id: int) -> VmRow:
    """Gives the only Instance that offering; returns it as it was before."""
    (vm,) = [vm for vm in await server.all(VmRow) if vm.type == "User"]
    command = ChangeServiceForVirtualMachine(id=vm.id, serviceofferingid=offering_id)
    await command.run(Call(server.cloud, ROOT_ADMIN))
    return vm


@pytest.mark.parametrize("command", ["deployVirtualMachine", "startVirtualMachine"])
async def test_a_size_that_changes_before_the_reservation(
    server: Server, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    offering = await parts.offering(server)
    starting: JobCommand = DeployVirtualMachine(**parts.deployment(server))
    if command == "startVirtualMachine":
        starting = StartVirtualMachine(id=(await parts.stopped(server)).id)
    submit, changed = server.store.submit, []

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == f"{command}.reserve" and not changed:
            changed.append(await another_size(server, offering.id))
        return await submit(txn)

    monkeypatch.setattr(server.store, "submit", late)
    job = await server.run(starting)
    assert job.status == SUCCEEDED, job.result_json
    (before,) = changed
    after = await server.row(VmRow, before.id)
    assert (after.state, after.service_offering_id, after.cpus) == ("Running", offering.id, offering.cpus)
    assert after.cpus != before.cpus
    await server.world.check()
    await server.call("stopVirtualMachine", id=after.id)
    await server.world.check()


async def test_a_size_that_changes_while_a_deployment_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No host had room for what it was: what is given up is not what was counted, and the job begins anew."""
    huge, small = await parts.offering(server, cpus=8, memory_mb=1 << 30), await parts.offering(server)
    submit, changed = server.store.submit, list[VmRow]()

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == "deployVirtualMachine.failed" and not changed:
            changed.append(await another_size(server, small.id))
        return await submit(txn)

    monkeypatch.setattr(server.store, "submit", late)
    job = await server.run(DeployVirtualMachine(**parts.deployment(server, serviceofferingid=huge.id)))
    assert changed
    assert job.status == SUCCEEDED, job.result_json
    await server.idle()
    await server.world.check()


async def test_a_size_that_changes_while_its_host_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host gives back what it took, and not what it had been a moment before."""
    vm, larger = await scalable(server), await parts.offering(server, dynamic_scaling=True)
    host_id = vm.host_id
    assert host_id is not None
    submit, changed = server.store.submit, list[JobRow]()

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == "vm.lost" and not changed:
            changed.append(await server.run(ScaleVirtualMachine(id=vm.id, serviceofferingid=larger.id)))
        return await submit(txn)

    monkeypatch.setattr(server.store, "submit", late)
    lost = await stop_lost(server.cloud, host_id, "it is given up")
    assert [job.status for job in changed] == [SUCCEEDED]
    assert lost == [], "it is another one by now: the next look stops it"
    server.hosts.hosts[host_id].hypervisor.lose_power()
    (after,) = await stop_lost(server.cloud, host_id, "it is given up")
    assert (after.cpus, after.state) == (larger.cpus, "Stopped")
    await server.world.check()


async def test_a_size_that_changes_while_its_host_is_found_to_run_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    larger, vm = await parts.offering(server), await parts.deployed(server)
    host_id = vm.host_id
    assert host_id is not None
    await server.call("stopVirtualMachine", id=vm.id)
    disks = [volume for volume in await server.all(VolumeRow) if volume.vm_id == vm.id]
    await must(server.cloud, host_id, await start_command(server.cloud, vm, host_id, disks))
    submit, changed = server.store.submit, list[VmRow]()

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == "vm.taken_in" and not changed:
            changed.append(await another_size(server, larger.id))
        return await submit(txn)

    monkeypatch.setattr(server.store, "submit", late)
    for _ in range(2):
        report = server.hosts.hosts[host_id].hypervisor.power_report()
        await take_report(server.cloud, host_id, dict(report), out_of_band=True)
    assert changed
    after = await server.row(VmRow, vm.id)
    assert (after.state, after.host_id, after.cpus) == ("Running", host_id, larger.cpus)
    await check_host_capacity(server.store, [after])
