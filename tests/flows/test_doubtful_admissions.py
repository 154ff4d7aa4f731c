"""The store goes away while a request is being admitted: its caller is told so, and what was stored is done."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.flows.scenarios import parts
from tests.flows.server import Server
from tests.turns import turns

from lakh.jobs.row import SUCCEEDED
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.resources.vm.row import VmRow
from lakh.store.statement import TxnSpec
from lakh.store.store import OutcomeUnknownError, StoreUnavailableError


class Away:
    """The engine goes away, once, at the commit of a label: before it, or in the middle of it."""

    def __init__(self, server: Server, label: str, *, happened: bool, error: type[StoreUnavailableError]) -> None:
        self._label, self._happened, self._error = label, happened, error
        self.gone = False
        store: Any = server.store
        self._submit, store.submit = store.submit, self

    async def __call__(self, txn: TxnSpec) -> list[int]:
        if self.gone or txn.label != self._label:
            return await self._submit(txn)  # type: ignore[no-any-return]
        self.gone = True
        if self._happened:
            await self._submit(txn)
        raise self._error("the engine went away")


async def test_a_request_that_was_stored_after_all_is_run(server: Server) -> None:
    away = Away(server, "deployVirtualMachine.admit", happened=True, error=OutcomeUnknownError)
    with pytest.raises(StoreUnavailableError):
        await server.admit(DeployVirtualMachine(**parts.deployment(server)))
    assert away.gone
    (vm,) = [vm for vm in await server.all(VmRow) if vm.type == "User"]
    async with asyncio.timeout(20):
        while (await server.row(VmRow, vm.id)).state != "Running":
            await turns(10)
    await server.idle()
    await server.world.check()


async def test_one_that_was_not_is_forgotten(server: Server) -> None:
    Away(server, "deployVirtualMachine.admit", happened=False, error=OutcomeUnknownError)
    with pytest.raises(StoreUnavailableError):
        await server.admit(DeployVirtualMachine(**parts.deployment(server)))
    async with asyncio.timeout(20):
        while server.cloud.worker.doubts.count:
            await turns(10)
    await server.idle()
    assert [vm for vm in await server.all(VmRow) if vm.type == "User"] == []
    await server.world.check()


async def test_a_store_that_was_away_before_the_commit_keeps_no_address(server: Server) -> None:
    Away(server, "deployVirtualMachine.admit", happened=False, error=StoreUnavailableError)
    with pytest.raises(StoreUnavailableError):
        await server.admit(DeployVirtualMachine(**parts.deployment(server)))
    assert not server.cloud.worker.doubts.count
    await server.world.check()


@pytest.mark.parametrize("happened", [True, False])
async def test_a_child_whose_admission_is_in_doubt_keeps_nobody_waiting_for_ever(
    server: Server, happened: bool
) -> None:
    network = await parts.isolated_network(server)
    away = Away(server, "implementNetwork.admit", happened=happened, error=OutcomeUnknownError)
    async with asyncio.timeout(20):
        job = await server.run(DeployVirtualMachine(**parts.deployment(server, networkids=[network.id])))
    assert away.gone
    assert job.status == SUCCEEDED, job.result_json
    await server.world.check()
