"""A host that cannot make disks fails nobody's deployment while there are others: it would draw all of them, being the
emptiest."""

from __future__ import annotations

import pytest
from tests.flows.scenarios import parts
from tests.flows.server import Server

from lakh.jobs.row import FAILED, SUCCEEDED
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.resources.vm.row import VmRow
from lakh.wire.message import Message


@pytest.mark.parametrize("name", ["CopyCommand", "CreateObjectCommand"])
async def test_one_host_refuses(server: Server, name: str) -> None:
    refused: set[int] = set()

    def refuse(host_id: int, sent: Message) -> str:
        """The first that is asked, whatever it is asked."""
        if sent.name != name or (refused and host_id not in refused):
            return ""
        refused.add(host_id)
        return "mount of the pool is stale"

    server.hosts.refuse = refuse
    vm = await parts.deployed(server)
    assert refused
    assert (vm.state, vm.host_id in refused) == ("Running", False)
    await server.world.check()


async def test_every_host_refuses(server: Server) -> None:
    asked: set[int] = set()

    def refuse(host_id: int, sent: Message) -> str:
        if sent.name != "CreateObjectCommand":
            return ""
        asked.add(host_id)
        return "mount of the pool is stale"

    server.hosts.refuse = refuse
    disk = server.world.made.disk_offering.id
    job = await server.run(DeployVirtualMachine(**parts.deployment(server, diskofferingid=disk)))
    assert job.status == FAILED
    assert len(asked) == len(server.world.made.hosts)
    assert "mount of the pool is stale" in (job.result_json or "")
    (vm,) = [vm for vm in await server.all(VmRow) if vm.type == "User"]
    assert vm.state == "Error"
    await server.world.check()
    server.hosts.refuse = lambda _host, _sent: ""
    again = await server.run(DeployVirtualMachine(**parts.deployment(server)))
    assert again.status == SUCCEEDED
