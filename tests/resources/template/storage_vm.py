"""A fake secondary storage VM, and the reconciler of downloads driven by hand."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
from tests.api import Api, Tenant
from tests.world import World

from lakh.agent.host import SECONDARY_STORAGE, SystemVm
from lakh.agent.startup import startup
from lakh.base.ids import UuidFactory
from lakh.contract.client import ClientError
from lakh.healing.downloads import Downloads
from lakh.healing.host_liveness import HostLiveness
from lakh.resources.host.absence import Absences
from lakh.resources.host.arrive import arrive
from lakh.resources.host.index import HostIndex
from lakh.wire.startup import Startup, StartupCommand

URL = "http://192.0.2.80/images/debian-12.qcow2"


class _Session:
    def __init__(self, world: World, agent: SystemVm) -> None:
        self._world, self._agent = world, agent

    def attach(self, host_id: int) -> None:
        self._agent.host_id, self._agent.ready = host_id, True
        self._world.hosts.hosts[host_id] = self._agent

    def refuse(self, text: str) -> None:
        raise AssertionError(f"refused: {text}")


class Depot:
    """The stage of template stories."""

    def __init__(self, api: Api, world: World) -> None:
        self.api = api
        self.world = world
        self.admin = api.admin
        self.downloads = Downloads()
        self.host_id = 0
        made, clock = world.made, api.clock
        boot = {"zone": str(made.zone.id), "pod": str(made.pod.id), "eth1ip": "10.1.255.1", "eth2ip": "198.51.100.9"}
        uuids = UuidFactory(clock, Random(3))
        self.agent = SystemVm(SECONDARY_STORAGE, "s-1-VM", boot, world.images, clock, Random(3), uuids)

    async def connect(self) -> int:
        """The agent dials in; its host's id."""
        message = startup(self.agent, "", transferred=False)
        command = msgspec.json.decode(msgspec.json.encode(message.body), type=StartupCommand, strict=False)
        session = _Session(self.world, self.agent)
        host_id = await arrive(self.api.cloud, session, Startup(message.java_class, command, []))
        assert host_id is not None
        self.host_id = host_id
        return host_id

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
