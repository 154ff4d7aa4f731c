"""Networks, Instances, disks and NICs of a seeded installation, as the commands that make them leave them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from random import Random

import msgspec

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.row import HostRow
from lakh.resources.limit.row import Usage
from lakh.resources.network.row import INSERT as INSERT_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.new import new_guest_nic
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import NicRow
from lakh.resources.physical_network.row import INSERT_VLAN, GuestVlanRow
from lakh.resources.vm.guest_access import new_secret
from lakh.resources.vm.new_disks import new_volume
from lakh.resources.vm.new_vm import VmNames, VmOwner, new_vm, user_instance_name
from lakh.resources.vm.row import INSERT as INSERT_VM
from lakh.resources.vm.row import USER, VmRow
from lakh.resources.vm.sizing import Size
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import VolumeRow
from lakh.seed.fleet_state import FleetState
from lakh.seed.hosts import Load
from lakh.seed.owners import Owner, add
from lakh.seed.places import DATA_DISK_GIB, Places
from lakh.seed.size import Shares
from lakh.store.statement import TxnSpec

_SUBNET = int(IPv4Address("10.1.0.0"))
_FIRST_VNI = 5000
_WORDS = (
    "web", "db", "cache", "queue", "mail", "build", "proxy", "batch", "search", "auth", "media", "report", "stream",
    "metrics", "gateway", "worker",
)  # fmt: skip


class Wire(msgspec.Struct):
    """A network, who owns it, and how many addresses of it are taken."""

    row: NetworkRow
    owner: Owner
    zone: int
    taken: int = 0


def networks(cloud: Cloud, places: Places, shares: Shares, owners: list[Owner]) -> list[Wire]:
    """All networks; those with instances are implemented."""
    suffix = cloud.part(Settings).text("guest.domain.suffix") or "cloud.internal"
    used = set(shares.network_of_vm.tolist())
    made = []
    for number in range(shares.size.networks):
        owner, at = owners[int(shares.account_of_network[number])], shares.zone_of_network(number)
        zone, lives = places.zones[at], number in used
        row = NetworkRow(
            id=cloud.id("network"),
            uuid=cloud.uuid(),
            name=f"network-{number + 1:05d}",
            display_text=f"network-{number + 1:05d}",
            zone_id=zone.row.id,
            physical_network_id=zone.physical.id,
            offering_id=places.network_offering.id,
            account_id=owner.account.id,
            domain_id=owner.account.domain_id,
            traffic_type="Guest",
            guest_type="Isolated",
            acl_type="Account",
            subdomain_access=False,
            state="Implemented" if lives else "Allocated",
            mode="Dhcp",
            broadcast_domain_type="Vxlan",
            broadcast_uri=f"vxlan://{_FIRST_VNI + number}" if lives else None,
            cidr="10.1.0.0/16",
            gateway="10.1.0.1",
            netmask="255.255.0.0",
            network_domain=f"cs{owner.account.id:x}{suffix}",
            dns1=None,
            dns2=None,
            specify_ip_ranges=False,
            security_group_enabled=False,
            is_system=False,
            display_network=True,
            restart_required=False,
            implemented=1 if lives else 0,
            vpc_id=None,
            details_json="{}",
            created_ms=cloud.now_ms(),
        )
        made.append(Wire(row, owner, at))
    return made


def network_txns(cloud: Cloud, wires: list[Wire], at_once: int) -> Iterator[TxnSpec]:
    """Transactions that store networks and the VXLANs of those that have one."""
    for start in range(0, len(wires), at_once):
        part, txn = [wire.row for wire in wires[start : start + at_once]], TxnSpec("seed.networks")
        for row in part:
            txn.put(INSERT_NETWORK, row)
        for row in part:
            if row.broadcast_uri is not None:
                vni = int(row.broadcast_uri.partition("://")[2])
                taken = GuestVlanRow(
                    cloud.id("guest_vlan"), row.physical_network_id or 0, vni, row.id, row.account_id, row.created_ms
                )
                txn.put(INSERT_VLAN, taken)
        yield txn


class Instances:
    """Makes instances one after the other, and sums up what they take of hosts, owners and pools."""

    def __init__(self, cloud: Cloud, places: Places, shares: Shares, wires: list[Wire], hosts: list[HostRow]) -> None:
        self._cloud, self._places, self._size, self._wires = cloud, places, shares.size, wires
        self._network_of_vm: list[int] = shares.network_of_vm.tolist()
        self._hosts: list[list[HostRow]] = [
            [host for host in hosts if host.zone_id == zone.row.id] for zone in places.zones
        ]
        self._next_host = [0] * len(places.zones)
        self._random = Random(shares.size.seed)
        self._suffix = cloud.part(Settings).text("instance.name")
        self._scalable = cloud.part(Settings).flag("enable.dynamic.scale.vm")
        self.fleet: FleetState | None = None
        self.loads: dict[int, Load] = {}
        self.used: dict[int, Usage] = {}
        self.allocated = [0] * len(places.zones)
        for wire in wires:
            add(self.used.setdefault(wire.owner.account.id, Usage()), Usage(network=1))

    def plan(self) -> None:
        """Sums up without making rows: the same numbers that `txns` puts into them."""
        for number, network in enumerate(self._network_of_vm):
            wire = self._wires[network]
            offering = self._places.offerings[number % len(self._places.offerings)]
            disks = self._sizes(number)
            own = self.used.setdefault(wire.owner.account.id, Usage())
            own.user_vm += 1
            own.cpu += offering.cpus or 0
            own.memory += offering.memory_mb or 0
            own.volume += len(disks)
            own.primary_storage += sum(disks)
            self.allocated[wire.zone] += sum(disks)
            if self._runs(number):
                load = self.loads.setdefault(self._host(wire.zone, number).id, Load())
                load.mhz += (offering.cpus or 0) * (offering.speed_mhz or 0)
                load.cores += offering.cpus or 0
                load.memory_bytes += (offering.memory_mb or 0) << 20
                load.vms += 1

    def _sizes(self, number: int) -> list[int]:
        template = self._places.templates[number % len(self._places.templates)]
        data = number < self._size.volumes - self._size.vms
        return [template.size_bytes, DATA_DISK_GIB << 30] if data else [template.size_bytes]

    def _runs(self, number: int) -> bool:
        return (number * 61) % 100 < self._size.running

    def _host(self, zone: int, number: int) -> HostRow:
        hosts = self._hosts[zone]
        return hosts[(number * 7) % len(hosts)]

    def txns(self, at_once: int) -> Iterator[tuple[int, TxnSpec]]:
        """(instances so far, transaction that stores the next `at_once`)."""
        total = len(self._network_of_vm)
        for start in range(0, total, at_once):
            end = min(start + at_once, total)
            txn = TxnSpec("seed.instances")
            made = [self._instance(number) for number in range(start, end)]
            if self.fleet is not None:
                for vm, volumes, nic in made:
                    self.fleet.instance(vm, volumes, nic)
            for vm, _, _ in made:
                txn.put(INSERT_VM, vm)
            for _, volumes, _ in made:
                for volume in volumes:
                    txn.put(INSERT_VOLUME, volume)
            for _, _, nic in made:
                txn.put(INSERT_NIC, nic)
            yield end, txn

    def _instance(self, number: int) -> tuple[VmRow, list[VolumeRow], NicRow]:
        wire = self._wires[self._network_of_vm[number]]
        vm = self._vm(number, wire)
        cloud, pool = self._cloud, self._places.zones[wire.zone].pool
        volumes = []
        for device, size_bytes in enumerate(self._sizes(number)):
            root = self._places.root_offerings.get(vm.service_offering_id)
            offering, template = (root, vm.template_id) if device == 0 else (self._places.disk_offering, None)
            volume = new_volume(cloud, vm, device, size_bytes, offering, template_id=template)
            volumes.append(msgspec.structs.replace(volume, pool_id=pool.id, state="Ready", path=volume.uuid))
        return vm, volumes, self._nic(vm, wire)

    def _vm(self, number: int, wire: Wire) -> VmRow:
        cloud, places = self._cloud, self._places
        owner, zone = wire.owner, places.zones[wire.zone]
        template = places.templates[number % len(places.templates)]
        offering = places.offerings[number % len(places.offerings)]
        host = self._host(wire.zone, number)
        runs, vm_id = self._runs(number), cloud.id("vm")
        word = _WORDS[self._random.randrange(len(_WORDS))]
        instance_name = user_instance_name(owner.account.id, vm_id, self._suffix)
        names = VmNames(vm_id, cloud.uuid(), f"{word}-{number + 1:07d}", instance_name)
        whose = VmOwner(owner.account.id, owner.account.domain_id, owner.user.id)
        size = Size(offering.cpus or 0, offering.speed_mhz or 0, offering.memory_mb or 0)
        secret = new_secret(self._random, 16)
        vm = new_vm(cloud, USER, names, whose, zone.row.id, template, offering, size, secret)
        return msgspec.structs.replace(
            vm,
            state="Running" if runs else "Stopped",
            pod_id=zone.pod.id,
            host_id=host.id if runs else None,
            last_host_id=host.id,
            dynamic_scaling=offering.dynamic_scaling and template.dynamically_scalable and self._scalable,
        )

    def _nic(self, vm: VmRow, wire: Wire) -> NicRow:
        wire.taken += 1
        ip = str(IPv4Address(_SUBNET + 1 + wire.taken))
        return new_guest_nic(self._cloud, vm.id, wire.row, 0, ip, vm.created_ms, is_default=True)
