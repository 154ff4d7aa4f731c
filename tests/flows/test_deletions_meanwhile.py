"""What a deployment stands on is deleted while it is under way: it goes on or fails, and nothing is half there.

At its admission, before and after each of its steps. What cannot be deleted yet says why, and can be once the Instance
is gone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.flows.scenarios import parts
from tests.flows.scenarios.template import storage_vm
from tests.flows.server import ROOT_ADMIN, Server
from tests.turns import turns

from lakh.base.errors import ApiError
from lakh.contract.declaration import spec_of
from lakh.jobs.row import FAILED, SUCCEEDED, JobRow
from lakh.resources.command import Call, Caller, JobCommand
from lakh.resources.network.delete import DeleteNetwork
from lakh.resources.network.row import NetworkRow
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.resources.vm.row import VmRow
from lakh.store.statement import TxnSpec

STEPS = [step.name for step in DeployVirtualMachine.FLOW.steps]


@dataclass(slots=True)
class Plot:
    """`more` are the deployment's parameters, `deletion` a command with its own; `holds`: an Instance that is there
    keeps it from going."""

    deletion: tuple[str, dict[str, Any]]
    more: dict[str, Any] = field(default_factory=dict)
    caller: Caller = ROOT_ADMIN
    holds: bool = False


async def host(server: Server) -> Plot:
    row = server.world.made.hosts[0]
    return Plot(("deleteHost", {"id": row.id, "forced": True}), {"hostid": row.id}, holds=True)


async def network(server: Server) -> Plot:
    row = await parts.shared_network(server)
    return Plot(("deleteNetwork", {"id": row.id}), {"networkids": [row.id]}, holds=True)


async def isolated_network(server: Server) -> Plot:
    row = await parts.isolated_network(server)
    return Plot(("deleteNetwork", {"id": row.id}), {"networkids": [row.id]}, holds=True)


async def network_of_one_that_is_not_started(server: Server) -> Plot:
    row = await parts.shared_network(server)
    return Plot(("deleteNetwork", {"id": row.id}), {"networkids": [row.id], "startvm": False}, holds=True)


async def isolated_network_of_one_that_is_not_started(server: Server) -> Plot:
    row = await parts.isolated_network(server)
    return Plot(("deleteNetwork", {"id": row.id}), {"networkids": [row.id], "startvm": False}, holds=True)


async def account(server: Server) -> Plot:
    row, caller = await parts.account_of(server)
    return Plot(("deleteAccount", {"id": row.id}), caller=caller)


async def offering(server: Server) -> Plot:
    row = await parts.offering(server)
    return Plot(("deleteServiceOffering", {"id": row.id}), {"serviceofferingid": row.id})


async def disk_offering(server: Server) -> Plot:
    row = await parts.disk_offering(server, 3)
    return Plot(("deleteDiskOffering", {"id": row.id}), {"diskofferingid": row.id})


async def template(server: Server) -> Plot:
    row = await parts.template(server)
    await storage_vm(server)
    return Plot(("deleteTemplate", {"id": row.id, "forced": True}), {"templateid": row.id})


PLOTS: dict[str, Callable[[Server], Awaitable[Plot]]] = {
    made.__name__: made
    for made in (
        host,
        network,
        isolated_network,
        network_of_one_that_is_not_started,
        isolated_network_of_one_that_is_not_started,
        account,
        offering,
        disk_offering,
        template,
    )
}


class Meanwhile:
    """Somebody who deletes it, once, at a moment of the deployment."""

    def __init__(self, server: Server, plot: Plot) -> None:
        self._server, self._plot = server, plot
        self.refused = ""
        self.asked = False
        self._job = ""

    async def delete(self) -> None:
        """Asks, and lets the job run as far as it comes by itself."""
        if self.asked:
            return
        self.asked = True
        name, parameters = self._plot.deletion
        command: Any = spec_of(name).declaration(**parameters)
        try:
            if isinstance(command, JobCommand):
                self._job = (await self._server.admit(command)).uuid
                await turns(500)
            else:
                await command.run(Call(self._server.cloud, ROOT_ADMIN))
        except ApiError as error:
            self.refused = error.text

    async def ended(self) -> bool:
        """Whether it was deleted; a refusal has words."""
        if self._job:
            job = await self._server.ended(self._job)
            if job.status == FAILED:
                self.refused = job.result_json or ""
        return not self.refused


async def deploy(server: Server, plot: Plot) -> JobRow:
    return await server.run(DeployVirtualMachine(**parts.deployment(server, **plot.more)), plot.caller)


async def holds(server: Server, plot: Plot, meanwhile: Meanwhile, job: JobRow) -> None:
    assert meanwhile.asked
    gone = await meanwhile.ended()
    await server.idle()
    assert job.status in (SUCCEEDED, FAILED)
    await server.world.check()
    if gone:
        return
    assert plot.holds, meanwhile.refused
    for vm in await server.all(VmRow):
        if vm.type == "User":
            await server.call("destroyVirtualMachine", id=vm.id, expunge=True)
    await server.call(plot.deletion[0], **plot.deletion[1])
    await server.idle()
    await server.world.check()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", PLOTS)
async def test_it_is_deleted_at_a_step(
    server: Server, monkeypatch: pytest.MonkeyPatch, what: str, step: str, moment: str
) -> None:
    plot = await PLOTS[what](server)
    meanwhile = Meanwhile(server, plot)
    flow = DeployVirtualMachine.FLOW
    position = flow.index(step)
    found = flow.steps[position]

    async def do(run: Any) -> TxnSpec | None:
        if moment == "before":
            await meanwhile.delete()
        txn = await found.do(run)
        if moment == "after":
            await meanwhile.delete()
        return txn

    steps = [*flow.steps[:position], dataclasses.replace(found, do=do), *flow.steps[position + 1 :]]
    monkeypatch.setattr(flow, "steps", tuple(steps))
    job = await deploy(server, plot)
    monkeypatch.undo()
    await holds(server, plot, meanwhile, job)


@pytest.mark.parametrize("what", PLOTS)
async def test_it_is_deleted_at_the_admission(server: Server, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Between the checks and the commit: it is refused, or its job fails."""
    plot = await PLOTS[what](server)
    meanwhile, submit = Meanwhile(server, plot), server.store.submit

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == "deployVirtualMachine.admit":
            await meanwhile.delete()
            assert await meanwhile.ended(), meanwhile.refused
        return await submit(txn)

    monkeypatch.setattr(server.store, "submit", late)
    refusal = ""
    try:
        job = await deploy(server, plot)
    except ApiError as error:
        refusal = error.text
    if refusal:
        assert "deleted" in refusal or "not exist" in refusal or "Unable to find" in refusal, refusal
        await server.idle()
        await server.world.check()
    else:
        await holds(server, plot, meanwhile, job)


async def test_a_network_stays_for_who_comes_while_its_deletion_begins(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = await parts.implemented_network(server)
    for vm in await server.all(VmRow):
        if vm.type == "User":
            await server.call("destroyVirtualMachine", id=vm.id, expunge=True)
    submit, came = server.store.submit, []

    async def late(txn: TxnSpec) -> list[int]:
        if txn.label == "deleteNetwork.begin" and not came:
            came.append(txn)
            await parts.deployed(server, networkids=[network.id], startvm=False)
        return await submit(txn)

    monkeypatch.setattr(server.store, "submit", late)
    job = await server.run(DeleteNetwork(id=network.id))
    assert job.status == FAILED
    assert "not all user vms are expunged" in (job.result_json or "")
    assert (await server.row(NetworkRow, network.id)).state == "Implemented"
    (vm,) = [vm for vm in await server.all(VmRow) if vm.type == "User"]
    await server.call("startVirtualMachine", id=vm.id)
    await server.world.check()


async def test_what_runs_on_a_host_that_is_deleted_by_force_is_stopped_there(server: Server) -> None:
    vm = await parts.deployed(server)
    await server.call("deleteHost", id=vm.host_id, forced=True)
    assert server.world.running() == {}
    after = await server.row(VmRow, vm.id)
    assert (after.state, after.host_id) == ("Stopped", None)
    await server.call("startVirtualMachine", id=vm.id)
    ((place,),) = server.world.running().values()
    assert place != vm.host_id
    await server.world.check()
