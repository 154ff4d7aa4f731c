"""A fake secondary storage VM, and the reconciler of downloads driven by hand."""

from __future__ import annotations

from typing import Any

from tests.api import Api, Tenant
from tests.storage_vm import dial_in, storage_agent
from tests.world import World

from lakh.contract.client import ClientError
from lakh.healing.downloads import Downloads
from lakh.healing.host_liveness import HostLiveness
from lakh.resources.host.absence import Absences
from lakh.resources.host.index import HostIndex

URL = "http://192.0.2.80/images/debian-12.qcow2"


class Depot:
    """The stage of template stories."""

    def __init__(self, api: Api, world: World) -> None:
        self.api = api
        self.world = world
        self.admin = api.admin
        self.downloads = Downloads()
        self.host_id = 0
        self.agent = storage_agent(world, api.clock)

    async def connect(self) -> int:
        """The agent dials in; its host's id."""
        self.host_id = await dial_in(self.api.cloud, self.world, self.agent)
        return self.host_id

    async def lose(self, reason: str = "closed") -> None:
        """Its link is gone."""
        self.world.hosts.away.add(self.host_id)
        self.api.cloud.part(HostIndex).set_connected(self.host_id, False)
        self.api.cloud.part(Absences).note([self.host_id], reason)
        self.api.clock.forward(3600)
        await HostLiveness().run(self.api.cloud)

    async def heal(self) -> None:
        """One pass over the downloads."""
        await self.downloads.run(self.api.cloud)

    async def register(self, tenant: Tenant | None = None, **more: Any) -> dict[str, Any]:
        parameters = {"name": "debian", "format": "QCOW2", "hypervisor": "KVM", "url": URL}
        parameters |= {"zoneid": self.world.made.zone.uuid, **more}
        answer = await (tenant or self.admin).call("registerTemplate", **parameters)
        template: dict[str, Any] = answer["template"][0]
        return template

    async def template(self, template_id: str, tenant: Tenant | None = None) -> dict[str, Any] | None:
        """Its entry in a list by id; None when it is not shown."""
        listed = await (tenant or self.admin).call("listTemplates", templatefilter="self", id=template_id)
        return listed["template"][0] if listed else None

    async def ready(self, **more: Any) -> dict[str, Any]:
        """A registered and downloaded template."""
        if not self.host_id:
            await self.connect()
        made = await self.register(**more)
        await self.heal()
        found = await self.template(made["id"])
        assert found is not None
        assert found["isready"]
        return found

    async def job(self, tenant: Tenant, command: str, **parameters: Any) -> dict[str, Any]:
        answer = await tenant.call(command, **parameters)
        await self.api.cloud.worker.wait(answer["jobid"])
        done = await tenant.call("queryAsyncJobResult", jobid=answer["jobid"])
        if done["jobstatus"] == 2:
            raise ClientError(200, int(done["jobresult"]["errorcode"]), str(done["jobresult"]["errortext"]))
        result: dict[str, Any] = done["jobresult"]
        return result
