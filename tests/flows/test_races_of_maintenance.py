"""A host that is worked on carries nothing, not even what was placed on it before that began, and stored late."""

from __future__ import annotations

import asyncio

import pytest
from tests.flows.scenarios import parts
from tests.flows.server import Server
from tests.turns import turns

from lakh.jobs.row import SUCCEEDED
from lakh.resources.host.prepare_maintenance import PrepareHostForMaintenance
from lakh.resources.host.row import RESERVE, HostRow
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.resources.vm.row import VmRow
from lakh.store.statement import TxnSpec


@pytest.mark.parametrize("moment", ["after it began", "before it ends", "after it ended"])
async def test_a_reservation_that_is_stored_late(server: Server, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    submit, chosen, go = server.store.submit, asyncio.Event(), asyncio.Event()

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == "deployVirtualMachine.reserve" and not chosen.is_set():
            chosen.set()
            await go.wait()
        if txn.label == "prepareHostForMaintenance.enter" and moment == "before it ends" and not go.is_set():
            await stored()
        return await submit(txn)

    async def stored() -> None:
        go.set()
        while (await server.all(VmRow))[0].state not in ("Running", "Error"):
            await turns(5)

    monkeypatch.setattr(server.store, "submit", late)
    host_id = server.world.made.hosts[0].id
    # a preference, and not a wish: the only host that memory has room on at first
    others = [host.id for host in server.world.made.hosts if host.id != host_id]
    for other in others:
        await server.call("updateHost", id=other, allocationstate="Disable")
    deploying = await server.admit(DeployVirtualMachine(**parts.deployment(server)))
    await chosen.wait()
    for other in others:
        await server.call("updateHost", id=other, allocationstate="Enable")
    preparing = await server.admit(PrepareHostForMaintenance(id=host_id))
    if moment == "after it began":
        while (await server.row(HostRow, host_id)).resource_state == "Enabled":
            await turns(5)
        await stored()
    prepared = await server.ended(preparing.uuid)
    go.set()
    assert prepared.status == SUCCEEDED, prepared.result_json
    assert (await server.row(HostRow, host_id)).resource_state == "Maintenance"
    assert (await server.ended(deploying.uuid)).status == SUCCEEDED
    (vm,) = await server.all(VmRow)
    assert (vm.state, vm.host_id == host_id) == ("Running", False)
    await server.world.check()


async def test_a_migration_that_is_stored_late(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, prepared = server.store.submit, list[int]()
    vm = await parts.deployed(server)

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == "migrateVirtualMachine.reserve" and not prepared:
            prepared.append(next(s.arguments[0] for s in txn.steps if s.statement is RESERVE))
            await server.call("prepareHostForMaintenance", id=prepared[0])
        return await submit(txn)

    monkeypatch.setattr(server.store, "submit", late)
    await server.call("migrateVirtualMachine", virtualmachineid=vm.id)
    after = await server.row(VmRow, vm.id)
    assert after.state == "Running"
    assert after.host_id not in (vm.host_id, *prepared)
    await server.world.check()
