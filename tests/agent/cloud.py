"""Hosts in memory around one storage pool, and the objects that commands carry."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

from lakh.agent import verbs
from lakh.agent.dispatch import execute
from lakh.agent.fake import FakeHypervisor, SystemVmWatcher
from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.host import SECONDARY_STORAGE, Host, Place, SystemVm
from lakh.agent.hypervisor import Facts
from lakh.agent.images import Image, ImageStores
from lakh.agent.router import Routers
from lakh.base.ids import UuidFactory
from lakh.wire.message import API, OBJECT, STORAGE_OBJECT, SUBSYSTEM, Message

verbs.load()

GIB = 1 << 30
POOL = "11111111-2222-3333-4444-555555555555"
OTHER_POOL = "99999999-2222-3333-4444-555555555555"
STORE = "nfs://10.0.0.9/secondary"
SYSTEM_TEMPLATE = Image("routing-3", "template/tmpl/1/3/systemvm.qcow2", "template", 5 * GIB, GIB)


class StillClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now_ms(self) -> int:
        return 1_767_225_600_000 + int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("agents never sleep")


def uuid(number: int) -> str:
    return str(UUID(int=(7 << 76) | (2 << 62) | number))


class Cloud:
    """`hosts[0]` and further, each Ready and connected to POOL unless a test wants otherwise."""

    def __init__(
        self,
        hosts: int = 2,
        *,
        ready: bool = True,
        memory_bytes: int = 16 * GIB,
        watcher: SystemVmWatcher | None = None,
    ) -> None:
        self.clock = StillClock()
        self.storage = SharedStorage()
        self.addresses = SharedAddresses()
        self.images = ImageStores([SYSTEM_TEMPLATE])
        self.routers = Routers()
        self.random = Random(1)
        self.uuids = UuidFactory(self.clock, self.random)
        self.memory_bytes = memory_bytes
        self.watcher = watcher
        self.hosts = [self.new_host(number) for number in range(1, hosts + 1)]
        if ready:
            for host in self.hosts:
                self.connect(host)

    def new_host(self, number: int, zone: str = "1") -> Host:
        facts = Facts(
            f"kvm-{number:06d}", f"10.1.0.{number}", f"52:54:00:00:00:{number:02x}", "255.255.0.0", "10.1.0.254",
            32, 2, 2600, self.memory_bytes, GIB, "Ubuntu", "24.04", "6.8.0", "x86_64",
        )  # fmt: skip
        hypervisor = FakeHypervisor(facts, number, self.storage, self.clock, self.addresses.within(zone), self.watcher)
        place = Place(zone, "1", "1")
        return Host(uuid(number), place, hypervisor, self.routers, self.images, self.clock, self.random, self.uuids)

    def connect(self, host: Host) -> None:
        number = self.hosts.index(host) + 1 if host in self.hosts else 1
        must(host, "ReadyCommand", hostId=number, hostUuid=uuid(number), hostName=host.facts.name)
        must(host, "ModifyStoragePoolCommand", add=True, pool=filer(), localPath="/mnt//x")

    def system_vm(self, kind: str = SECONDARY_STORAGE, name: str = "s-1-VM") -> SystemVm:
        return SystemVm(kind, name, {}, self.images, self.clock, self.random, self.uuids)


def command(java_class: str, **body: Any) -> Message:
    """A command; a name without a package is one of com.cloud.agent.api."""
    full = java_class if "." in java_class else API + java_class
    return Message(full, {**body, "contextMap": {}, "wait": 0})


def ask(agent: Any, java_class: str, **body: Any) -> Message:
    return execute(agent, command(java_class, **body))


def must(agent: Any, java_class: str, **body: Any) -> Message:
    answer = ask(agent, java_class, **body)
    assert answer.result, answer.details
    return answer


def refused(agent: Any, java_class: str, **body: Any) -> str:
    answer = ask(agent, java_class, **body)
    assert answer.body["result"] is False, answer
    return answer.details


# --- objects ---------------------------------------------------------------------------------------------------------
def filer(pool: str = POOL) -> dict[str, Any]:
    return {"id": 1, "uuid": pool, "host": "10.0.0.9", "path": "/primary", "port": 2049, "type": "NetworkFilesystem"}


def primary(pool: str = POOL) -> dict[str, Any]:
    return {
        STORAGE_OBJECT + "PrimaryDataStoreTO": {"uuid": pool, "name": "p", "poolType": "NetworkFilesystem", "id": 1}
    }


def secondary() -> dict[str, Any]:
    return {OBJECT + "NfsTO": {"_url": STORE, "_role": "Image"}}


def volume(number: int, *, pool: str = POOL, size: int = GIB, made: bool = True, **more: Any) -> dict[str, Any]:
    body = {"uuid": uuid(number), "id": number, "volumeId": number, "size": size, "dataStore": primary(pool), **more}
    if made:
        body["path"] = uuid(number)
    return {STORAGE_OBJECT + "VolumeObjectTO": body}


def template(*, on_primary: str = "", number: int = 202, **more: Any) -> dict[str, Any]:
    store = primary() if on_primary or more.pop("to_primary", False) else secondary()
    body = {
        "uuid": uuid(number),
        "id": number,
        "uniqueName": f"{number}-2-x",
        "format": "QCOW2",
        "size": 2 * GIB,
        **more,
    }
    body.update(imageDataStore=store, path=on_primary or body.get("path", f"template/tmpl/2/{number}/x.qcow2"))
    return {STORAGE_OBJECT + "TemplateObjectTO": body}


def snapshot(number: int, of: int, *, path: str = "", on_secondary: bool = False, **more: Any) -> dict[str, Any]:
    body = {"id": number, "name": f"snap-{number}", "volume": volume(of)[STORAGE_OBJECT + "VolumeObjectTO"], **more}
    body["dataStore"] = secondary() if on_secondary else primary()
    if path:
        body["path"] = path
    return {STORAGE_OBJECT + "SnapshotObjectTO": body}


def nic(number: int, ip: str = "", **more: Any) -> dict[str, Any]:
    return {
        "deviceId": 0,
        "mac": f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}",
        "ip": ip or f"10.1.{number >> 8}.{number & 255}",
        "uuid": uuid(900),
        "nicUuid": uuid(1000 + number),
        "broadcastUri": "vlan://100",
        "type": "Guest",
        **more,
    }


def vm(number: int, *, disks: list[dict[str, Any]] | None = None, ram: int = GIB, **more: Any) -> dict[str, Any]:
    root = {"data": volume(number), "diskSeq": 0, "type": "ROOT", "path": uuid(number)}
    return {
        "id": number,
        "name": f"i-2-{number}-VM",
        "uuid": uuid(5000 + number),
        "type": "User",
        "cpus": 1,
        "speed": 500,
        "minRam": ram,
        "maxRam": ram,
        "disks": [root] if disks is None else disks,
        "nics": [nic(number)],
        "vncPassword": "secret",
        **more,
    }


def router_vm(number: int, **more: Any) -> dict[str, Any]:
    control = nic(number, f"169.254.0.{number}", type="Control", broadcastUri="", uuid=uuid(901))
    fields = {"name": f"r-{number}-VM", "type": "DomainRouter", "nics": [control], "bootArgs": "type=router", **more}
    return vm(number, **fields)


def make_volume(host: Host, number: int, size: int = GIB) -> None:
    must(host, SUBSYSTEM + "CreateObjectCommand", data=volume(number, size=size, made=False))


def start_vm(host: Host, number: int, **more: Any) -> dict[str, Any]:
    """Makes the root volume and starts the VM; returns its transfer object."""
    make_volume(host, number)
    body = vm(number, **more)
    must(host, "StartCommand", vm=body)
    return body


def start_router(host: Host, number: int, **more: Any) -> str:
    make_volume(host, number)
    body = router_vm(number, **more)
    must(host, "StartCommand", vm=body)
    return str(body["name"])


def access(router: str) -> dict[str, str]:
    return {"router.name": router, "router.ip": "169.254.0.4"}
