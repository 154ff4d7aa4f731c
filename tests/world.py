"""A small cloud whose hosts are fake hypervisors in this process: no wire, no sockets, every effect is looked at.

    world = await World.build(cloud, hosts=4)
    …
    await world.check()        # the store and the hypervisors tell the same story

Rows are written with the product's own insert statements, as the public API's verbs would leave them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from random import Random
from typing import Any

from tests import rows
from tests.invariants import ADDRESSES, COPIES, NICS, VLANS, VMS, VOLUMES, check_store

from lakh.agent import verbs
from lakh.agent.dispatch import execute, stopped
from lakh.agent.fake import FakeHypervisor
from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.host import Host, Place
from lakh.agent.hypervisor import Facts
from lakh.agent.images import ImageStores
from lakh.agent.router import Routers
from lakh.base.clock import Clock
from lakh.base.ids import UuidFactory
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITIES as HOST_CAPACITIES
from lakh.resources.host.row import HostCapacityRow
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.nic.row import NicRow
from lakh.resources.physical_network.row import GuestVlanRow
from lakh.resources.physical_network.vlans import GuestVlans
from lakh.resources.storage_pool.connect import modify_command
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.vm.row import LEFT_BEHIND, VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.wire.message import Message

verbs.load()

GIB = 1 << 30
CPUS, MEMORY_GIB = 16, 64
"""Of one host."""


class FakeHosts:
    """A HostCaller whose hosts are fakes. `away` hosts cannot be reached; `delay` is awaited before and after a call;
    `lose` says which answers are lost on the way back (the command has run)."""

    def __init__(self) -> None:
        self.hosts: dict[int, Any] = {}  # Host, or the agent of a system VM
        self.away: set[int] = set()
        self.delay: Callable[[], float] | None = None
        self.lose: Callable[[int, Message], bool] = lambda _host, _command: False
        self.refuse: Callable[[int, Message], str] = lambda _host, _command: ""
        self.said: list[tuple[int, str]] = []
        self.dropped: list[int] = []

    async def call(
        self, host_id: int, commands: Sequence[Message], *, timeout_seconds: float = 1800.0, stop_on_error: bool = True
    ) -> list[Message]:
        if self.delay is not None:
            await asyncio.sleep(self.delay())
        if host_id in self.away or host_id not in self.hosts:
            raise HostUnreachableError(host_id, "no session", sent=False)
        answers: list[Message] = []
        lost = False
        for command in commands:
            self.said.append((host_id, command.name))
            if stop_on_error and answers and not answers[-1].result:
                answers.append(stopped())
                continue
            answers.append(self._answer(host_id, command))
            lost = lost or self.lose(host_id, command)
        if self.delay is not None:
            await asyncio.sleep(self.delay())
        if lost or host_id in self.away:
            raise HostUnreachableError(host_id, "session lost while waiting")
        return answers

    def _answer(self, host_id: int, command: Message) -> Message:
        if why := self.refuse(host_id, command):
            from lakh.agent.dispatch import refusal

            return refusal(self.hosts[host_id], command, why)
        return execute(self.hosts[host_id], command)

    def is_connected(self, host_id: int) -> bool:
        return host_id in self.hosts and host_id not in self.away

    def drop(self, host_id: int) -> None:
        self.dropped.append(host_id)


class World:
    """Zone, pod, cluster, hosts, pool, template, offerings and a shared network, ready to deploy."""

    def __init__(self, cloud: Cloud, hosts: FakeHosts, clock: Clock, random: Random) -> None:
        self.cloud = cloud
        self.hosts = hosts
        self.storage = SharedStorage(1 << 50)
        self.addresses = SharedAddresses(None)
        self.images = ImageStores()
        self.routers = Routers()
        self._clock, self._random = clock, random
        self.made: rows.Made

    @classmethod
    async def build(cls, cloud: Cloud, *, hosts: int = 4, cpus: int = CPUS, memory_gib: int = MEMORY_GIB) -> World:
        """A new world with its rows. `cloud.hosts` must be a FakeHosts."""
        made = await rows.insert_world(cloud, hosts=hosts, cpus=cpus, memory_bytes=memory_gib * GIB)
        return await cls.over(cloud, made)

    @classmethod
    async def over(cls, cloud: Cloud, made: rows.Made) -> World:
        """A world whose rows are stored already; its hosts have nothing on them yet."""
        fakes = cloud.hosts
        assert isinstance(fakes, FakeHosts)
        world = cls(cloud, fakes, cloud.clock, Random(7))
        world.made = made
        for number, row in enumerate(made.hosts, 1):
            fakes.hosts[row.id] = world.new_host(number, row.id, row.name, row.private_ip, row.cpus, row.memory_bytes)
        await world.connect()
        return world

    def new_host(self, number: int, host_id: int, name: str, ip: str, cpus: int, memory_bytes: int) -> Host:
        facts = Facts(
            name=name,
            private_ip=ip,
            private_mac=f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}",
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
        hypervisor = FakeHypervisor(facts, number, self.storage, self._clock, self.addresses)
        uuids = UuidFactory(self._clock, self._random)
        host = Host(
            f"guid-{number}",
            Place("1", "1", "1"),
            hypervisor,
            self.routers,
            self.images,
            self._clock,
            self._random,
            uuids,
        )
        host.ready, host.host_id = True, host_id
        execute(host, modify_command(self.made.pool))
        return host

    async def connect(self) -> None:
        """Tells a (new) cloud that all hosts are connected."""
        index = self.cloud.part(HostIndex)
        await index.load()
        for host_id in self.hosts.hosts:
            index.set_connected(host_id, host_id not in self.hosts.away)

    def running(self) -> dict[str, list[int]]:
        """VM instance name to the host ids where a domain of that name runs."""
        found: dict[str, list[int]] = {}
        for host_id, host in self.hosts.hosts.items():
            if not isinstance(host, Host):
                continue  # the agent of a system VM
            for domain in host.hypervisor.domains():
                found.setdefault(domain.spec.name, []).append(host_id)
        return found

    def files(self) -> set[str]:
        """Names of the volumes that lie on the pool."""
        return {v.name for v, _ in self.storage.volumes() if v.kind == "volume"}

    async def check(self) -> None:
        """Raises AssertionError unless store, memory and hypervisors agree, and nothing is under way: every VM runs at
        most once and where the store says, with its disks and NICs; no file, no address and no count is orphaned."""
        store = self.cloud.store
        await check_store(store)
        vms, volumes, nics = await store.rows(VMS), await store.rows(VOLUMES), await store.rows(NICS)
        left = {row.vm_id: row.host_id for row in await store.rows(LEFT_BEHIND, [vm.id for vm in vms])}
        self._check_domains(vms, volumes, nics, left)
        self._check_memory(
            await store.rows(HOST_CAPACITIES, -1), nics, await store.rows(ADDRESSES), await store.rows(VLANS)
        )
        await self._check_files(vms, volumes)
        copies = {c.install_path.rpartition("/")[2] for c in await store.rows(COPIES)}
        lying = {v.name for v, _ in self.storage.volumes() if v.kind == "template"}
        assert lying == copies, f"template copies {sorted(lying ^ copies)} are on one side only"

    async def _check_files(self, vms: list[VmRow], volumes: list[VolumeRow]) -> None:
        """Every file on a pool is a volume's, and every volume's file is there in its size, unless it or its VM is at
        its end: expunged again, that finds them gone already."""
        ending = {vm.id for vm in vms if vm.state == "Expunging"}
        pools = {pool.id: pool.uuid for pool in await self.cloud.snapshots.of(StoragePoolRow)}
        placed = [v for v in volumes if v.path is not None and v.pool_id is not None]
        known = {(pools[v.pool_id or 0], v.path) for v in placed}
        lasting = [v for v in placed if v.vm_id not in ending and v.state != "Expunging"]
        needed = {(pools[v.pool_id or 0], v.path): v.size_bytes for v in lasting}
        files = {(v.pool, v.name): v.size_bytes for v, _ in self.storage.volumes() if v.kind == "volume"}
        assert needed.keys() <= files.keys(), f"files of volumes are gone: {sorted(needed.keys() - files.keys())}"
        assert files.keys() <= known, f"files of no volume: {sorted(files.keys() - known)}"
        for file, size_bytes in needed.items():
            assert files[file] == size_bytes, f"file {file} has {files[file]} bytes, its volume {size_bytes}"

    def _check_domains(
        self, vms: list[VmRow], volumes: list[VolumeRow], nics: list[NicRow], left: dict[int, int | None]
    ) -> None:
        running = self.running()
        for vm in vms:
            places = running.pop(vm.instance_name, [])
            wanted = [vm.host_id] if vm.state == "Running" else []
            if vm.id in left and vm.host_id is None and places == [left[vm.id]]:
                continue  # stopped by force, and its host did not hear of it
            assert places == wanted, f"{vm.instance_name} is {vm.state} on {vm.host_id}, but runs on {places}"
            if vm.state != "Running":
                continue
            spec = self.hosts.hosts[vm.host_id or 0].hypervisor.domain(vm.instance_name).spec
            size = (spec.cpus, spec.speed, spec.max_ram)
            assert size == (vm.cpus, vm.speed_mhz, vm.memory_mb << 20), f"{vm.instance_name} runs with {size}"
            disks = sorted((d.device_id, d.volume) for d in spec.disks if d.volume)
            stored = sorted((v.device_id, v.path) for v in volumes if v.vm_id == vm.id)
            assert disks == stored, f"{vm.instance_name} runs with disks {disks}, has {stored}"
            there = sorted((n.mac, n.ip) for n in spec.nics)
            own = sorted((n.mac, n.ip or "") for n in nics if n.vm_id == vm.id)
            assert there == own, f"{vm.instance_name} runs with NICs {there}, has {own}"
        assert not running, f"domains that no row names: {running}"

    def _check_memory(
        self,
        capacities: list[HostCapacityRow],
        nics: list[NicRow],
        addresses: list[IpAddressRow],
        vlans: list[GuestVlanRow],
    ) -> None:
        """What the server keeps in memory is what it stored: it would otherwise refuse, or promise, too much."""
        index = self.cloud.part(HostIndex)
        for row in capacities:
            if row.host_id not in index.columns:
                continue  # a system VM's agent: nothing is placed on it
            sums = (row.cpu_used_mhz, row.memory_used_bytes, row.vms, row.tenant)
            usage = tuple(index.columns.usage(row.host_id))
            assert usage == sums, f"memory says {usage} about host {row.host_id}, it has {sums}"
        for range_id, public in self.cloud.part(PublicAddresses).known().items():
            here = {int(IPv4Address(a.address)) for a in addresses if a.range_id == range_id}
            assert here <= set(public), f"public addresses {sorted(here - public)} would be dealt twice"
            assert set(public) <= here, f"public addresses {sorted(public - here)} are lost"
        for physical_id, known_vlans in self.cloud.part(GuestVlans).known().items():
            numbers = {vlan.vlan for vlan in vlans if vlan.physical_network_id == physical_id}
            assert set(known_vlans) == numbers, f"VLANs {sorted(numbers ^ set(known_vlans))} are lost, or dealt twice"
        for network_id, known in self.cloud.part(GuestAddresses).known().items():
            stored = {n.ip for n in nics if n.network_id == network_id and n.ip is not None}
            taken = {str(IPv4Address(number)) for number in known}
            lost = {ip for ip in taken - stored if not ip.endswith(".1")}  # gateways stay taken
            assert not lost, f"addresses {sorted(lost)} of network {network_id} are lost"
            assert stored <= taken, f"addresses {sorted(stored - taken)} of network {network_id} would be dealt twice"

    @property
    def pool(self) -> StoragePoolRow:
        return self.made.pool

    def deploy_parameters(self, **more: Any) -> dict[str, Any]:
        """Parameters of a deployVirtualMachine in this world, by uuid as over HTTP."""
        made = self.made
        return {
            "zoneid": made.zone.uuid,
            "templateid": made.template.uuid,
            "serviceofferingid": made.offering.uuid,
            "networkids": made.network.uuid,
            **more,
        }
