"""A small cloud over HTTP whose hosts are fakes of the agent's hypervisor, with all that virtual routers need."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.api import Api, Tenant
from tests.networks import Site, equip, offering
from tests.world import FakeHosts, World

from lakh.agent.router import Router
from lakh.resources.network.system import put_system_networks
from lakh.resources.template.row import INSERT_STORE, TemplateRow, TemplateStoreRow
from lakh.store.statement import TxnSpec, statement

GIB = 1 << 30
NAT = "DefaultIsolatedNetworkOfferingWithSourceNatService"

SET_SECURED = statement("test.zone_secured", "UPDATE zone SET security_group_enabled = $2 WHERE id = $1")


class Routed:
    """`api`, the world of its hosts, and the site that networks are made in."""

    def __init__(self, api: Api, world: World, site: Site) -> None:
        self.api = api
        self.world = world
        self.site = site

    @classmethod
    async def start(cls, *, hosts: int = 4, vlan: str = "100-199", security_groups: bool = False) -> Routed:
        fakes = FakeHosts()
        api = await Api.start(hosts=fakes)
        world = await World.build(api.cloud, hosts=hosts)
        zone = msgspec.structs.replace(world.made.zone, security_group_enabled=security_groups)
        txn = TxnSpec("test.system").add(SET_SECURED, zone.id, security_groups)
        await put_system_networks(api.cloud, txn, zone)
        template = next(t for t in await api.cloud.snapshots.of(TemplateRow) if t.type == "SYSTEM")
        store = world.made.store
        copy = TemplateStoreRow(
            template_id=template.id,
            store_id=store.id,
            zone_id=world.made.zone.id,
            state="Ready",
            download_state="DOWNLOADED",
            percent=100,
            install_path=f"template/tmpl/1/{template.id}/system.qcow2",
            size_bytes=2 * GIB,
            physical_size_bytes=GIB,
            remote_job=None,
            error=None,
            updated_ms=0,
        )
        await api.cloud.store.submit(txn.put(INSERT_STORE, copy))
        return cls(api, world, await equip(api, zone, vlan=vlan))

    async def stop(self) -> None:
        await self.api.stop()

    async def network(self, who: Tenant, name: str, offered: str = NAT, **more: Any) -> dict[str, Any]:
        """A guest network on the site's physical network."""
        made = await who.call(
            "createNetwork",
            zoneid=self.site.zone_id,
            networkofferingid=await offering(self.api, offered),
            physicalnetworkid=self.site.physical,
            name=name,
            **more,
        )
        return dict(made["network"])

    async def deploy(self, who: Tenant, network: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A running Instance in that network; raises ClientError when its job fails."""
        made = self.world.made
        done = await who.job(
            "deployVirtualMachine",
            zoneid=made.zone.uuid,
            templateid=made.template.uuid,
            serviceofferingid=made.offering.uuid,
            networkids=network["id"],
            **more,
        )
        return dict(done["virtualmachine"])

    async def router_of(self, network: dict[str, Any]) -> dict[str, Any]:
        """The network's one router, as root sees it."""
        found = await self.api.admin.call("listRouters", networkid=network["id"], listall=True)
        assert found["count"] == 1, found
        return dict(found["router"][0])

    def model(self, router: dict[str, Any]) -> Router:
        """What the hosts know of a router."""
        found = self.world.routers.get(router["name"])
        assert found is not None, f"no host knows {router['name']}"
        return found

    def said_to(self, *names: str) -> list[str]:
        """The names of commands that hosts were sent, of those asked for, in order."""
        return [name for _, name in self.world.hosts.said if name in names]
