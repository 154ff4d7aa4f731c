"""A cloud with hosts that are fakes in this process, told stories over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api import Api, Tenant
from tests.world import FakeHosts, World

from lakh.contract.client import ClientError
from lakh.resources.vm.power_report import take_report
from lakh.wire.message import Message


class Stage:
    """An API, its world, and requests that are waited for."""

    def __init__(self, api: Api, world: World) -> None:
        self.api = api
        self.world = world
        self.admin = api.admin
        self.hosts = world.hosts
        self.sent: list[Message] = []
        """Every command the hosts were given."""
        answer = world.hosts._answer

        def record(host_id: int, command: Message) -> Message:
            self.sent.append(command)
            return answer(host_id, command)

        world.hosts._answer = record  # type: ignore[method-assign]

    async def job(self, tenant: Tenant, command: str, **parameters: Any) -> dict[str, Any]:
        """The result of a job that succeeds; raises ClientError with its error otherwise."""
        answer = await tenant.call(command, **parameters)
        await self.api.cloud.worker.wait(answer["jobid"])
        done = await tenant.call("queryAsyncJobResult", jobid=answer["jobid"])
        assert done["jobstatus"] != 0
        result: dict[str, Any] = done["jobresult"]
        if done["jobstatus"] == 2:
            raise ClientError(200, int(result["errorcode"]), str(result["errortext"]))
        return result

    async def job_fails(self, tenant: Tenant, command: str, text: str, **parameters: Any) -> ClientError:
        """The error of a job that fails with this text in its error."""
        with pytest.raises(ClientError, match=text) as error:
            await self.job(tenant, command, **parameters)
        return error.value

    async def deploy(self, tenant: Tenant | None = None, **more: Any) -> dict[str, Any]:
        """A deployed VM as its job shows it."""
        result = await self.job(tenant or self.admin, "deployVirtualMachine", **self.world.deploy_parameters(**more))
        vm: dict[str, Any] = result["virtualmachine"]
        return vm

    def host_id(self, vm: dict[str, Any]) -> int:
        """The row id of the host that the API names."""
        return next(h.id for h in self.world.made.hosts if h.uuid == vm["hostid"])

    def states(self, host_id: int) -> dict[str, str]:
        """The power report that the host would send now."""
        return {d.spec.name: "PowerOn" for d in self.hosts.hosts[host_id].hypervisor.domains()}

    async def report(self, host_id: int, *, out_of_band: bool = False) -> None:
        """The host pings with what it runs, and what follows from it has happened."""
        await take_report(self.api.cloud, host_id, self.states(host_id), out_of_band=out_of_band)
        await self.quiet()

    async def quiet(self) -> None:
        """Waits until no job runs."""
        while jobs := list(self.api.cloud.worker._live):
            await self.api.cloud.worker.wait(jobs[0])

    async def vm(self, uuid: str, tenant: Tenant | None = None) -> dict[str, Any] | None:
        """The VM as it is listed; None when it is not."""
        found = await (tenant or self.admin).call("listVirtualMachines", id=uuid)
        assert len(found.get("virtualmachine", [])) == found.get("count", 0)
        return found["virtualmachine"][0] if found else None


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    api = await Api.start(hosts=FakeHosts())
    world = await World.build(api.cloud)
    yield Stage(api, world)
    await world.check()
    await api.stop()
