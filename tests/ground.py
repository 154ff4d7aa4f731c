"""Ground for stories about infrastructure: places made through the API, and fake hosts that join them.

    ground = await Ground.lay(api)              # a zone, a pod, a cluster
    host = await ground.join(ground.cluster)    # a KVM agent connects; its row comes back

`api` must run on FakeHosts (the fixture `grounded` does).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
from tests.api import Api
from tests.world import GIB, FakeHosts

from lakh.agent.fake import FakeHypervisor
from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.host import Host, Place
from lakh.agent.hypervisor import Facts
from lakh.agent.images import ImageStores
from lakh.agent.router import Routers
from lakh.agent.startup import startup
from lakh.base.ids import UuidFactory
from lakh.resources.host.connect import connect
from lakh.resources.host.row import BY_ID, HostRow
from lakh.wire.startup import StartupCommand

POOL_BYTES = 1 << 42


@dataclass(slots=True)
class AgentLink:
    """The agent's link while it connects."""

    fakes: FakeHosts
    host: Host
    refused: str = ""

    def attach(self, host_id: int) -> None:
        self.host.host_id, self.host.ready = host_id, True
        self.fakes.hosts[host_id] = self.host

    def refuse(self, text: str) -> None:
        self.refused = text


@dataclass(slots=True)
class Ground:
    """What was laid; the API's own answers."""

    api: Api
    zone: dict[str, Any]
    pod: dict[str, Any]
    cluster: dict[str, Any]
    storage: SharedStorage = field(default_factory=lambda: SharedStorage(POOL_BYTES))
    addresses: SharedAddresses = field(default_factory=lambda: SharedAddresses(None))
    joined: int = 0

    @classmethod
    async def lay(cls, api: Api) -> Ground:
        admin = api.admin
        zone = (await admin.call("createZone", **ZONE))["zone"]
        pod = (await admin.call("createPod", zoneid=zone["id"], **POD))["pod"]
        ground = cls(api, zone, pod, {})
        ground.cluster = await ground.add_cluster("cluster1")
        return ground

    async def add_cluster(self, name: str) -> dict[str, Any]:
        made = await self.api.admin.call(
            "addCluster", zoneid=self.zone["id"], podid=self.pod["id"], clustername=name, clustertype="CloudManaged",
            hypervisor="KVM",
        )  # fmt: skip
        answer: dict[str, Any] = made["cluster"][0]
        return answer

    async def add_pool(self, name: str = "primary", **parameters: Any) -> dict[str, Any]:
        made = await self.api.admin.call(
            "createStoragePool",
            **{"zoneid": self.zone["id"], "name": name, "url": f"nfs://192.0.2.10/export/{name}"} | parameters,
        )
        pool: dict[str, Any] = made["storagepool"]
        return pool

    @property
    def fakes(self) -> FakeHosts:
        assert isinstance(self.api.cloud.hosts, FakeHosts)
        return self.api.cloud.hosts

    async def join(self, cluster: dict[str, Any] | None = None, *, cpus: int = 16, memory_gib: int = 64) -> HostRow:
        """A new host's agent connects and is brought Up."""
        self.joined += 1
        host = self.new_host(self.joined, (cluster or self.cluster)["name"], cpus, memory_gib * GIB)
        return await self.come_back(host)

    async def come_back(self, host: Host) -> HostRow:
        """The agent says Startup (again). Raises AssertionError when it is refused."""
        session = AgentLink(self.fakes, host)
        said = msgspec.convert(startup(host, "192.0.2.1", False).body, StartupCommand, strict=False)
        host_id = await connect(self.api.cloud, session, said)
        assert host_id is not None, session.refused or "not ready"
        return (await self.api.cloud.store.rows(BY_ID, host_id))[0]

    def new_host(self, number: int, cluster: str, cpus: int, memory_bytes: int) -> Host:
        facts = Facts(
            name=f"kvm-{number}",
            private_ip=f"10.1.1.{number}",
            private_mac=f"52:54:00:00:00:{number:02x}",
            private_netmask="255.255.0.0",
            gateway="10.1.0.1",
            cpus=cpus,
            cpu_sockets=2,
            speed_mhz=2000,
            memory_bytes=memory_bytes,
            reserved_memory_bytes=GIB,
            os_name="Debian",
            os_version="12",
            kernel_version="6.1",
            arch="x86_64",
        )
        clock, random = self.api.clock, Random(number)
        hypervisor = FakeHypervisor(facts, number, self.storage, clock, self.addresses)
        place = Place(self.zone["name"], self.pod["name"], cluster)
        uuids = UuidFactory(clock, random)
        return Host(f"guid-{number}", place, hypervisor, Routers(), ImageStores(), clock, random, uuids)

    def leave(self, host: HostRow) -> None:
        """The host can not be reached any more."""
        self.fakes.away.add(host.id)


ZONE = {"name": "zone1", "networktype": "Advanced", "dns1": "192.0.2.53", "internaldns1": "192.0.2.54"}
POD = {
    "name": "pod1",
    "gateway": "10.1.0.1",
    "netmask": "255.255.0.0",
    "startip": "10.1.255.1",
    "endip": "10.1.255.250",
}
