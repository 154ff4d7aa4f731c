"""A cloud with hosts that are fakes in this process, told stories over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api import Api, Tenant
from tests.world import FakeHosts, World

from lakh.contract.client import ClientError


class Stage:
    """An API, its world, and requests that are waited for."""

    def __init__(self, api: Api, world: World) -> None:
        self.api = api
        self.world = world
        self.admin = api.admin
        self.hosts = world.hosts

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

    async def deploy(self, tenant: Tenant | None = None, **more: Any) -> dict[str, Any]:
        """A deployed VM as its job shows it."""
        result = await self.job(tenant or self.admin, "deployVirtualMachine", **self.world.deploy_parameters(**more))
        vm: dict[str, Any] = result["virtualmachine"]
        return vm

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
