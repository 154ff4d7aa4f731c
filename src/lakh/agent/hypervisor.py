"""What a verb needs of a hypervisor: domains, volumes, pools, interfaces, moves between hosts.

The Protocol is small on purpose: a verb reads the command's JSON, calls this, and writes the answer's JSON. Two
hypervisors fill it, one in memory (`fake.py`) and libvirt, and one conformance suite runs on both. Every method is
synchronous and either does all of its work or raises RefusedError and does nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from lakh.base.errors import LakhError

POWER_ON = "PowerOn"
POWER_OFF = "PowerOff"

SYSTEM_VM_KINDS = frozenset({"SecondaryStorageVm", "ConsoleProxy"})


class RefusedError(LakhError):
    """The host cannot do what it was asked. The text goes into the answer's `details`."""


class NicSpec(NamedTuple):
    """One interface. `network` tells apart equal addresses of different networks: the broadcast URI, else the uuid."""

    mac: str
    ip: str
    network: str
    nic_uuid: str
    device_id: int
    kind: str
    enabled: bool = True


class DiskSpec(NamedTuple):
    """One disk: a volume of a pool, or an ISO (pool and volume empty where the drive has no disc)."""

    pool: str
    volume: str
    device_id: int
    kind: str


class DomainSpec(NamedTuple):
    """What to start. Memory in bytes, speed in MHz; `min_ram` is what the host must really have."""

    name: str
    uuid: str
    vm_id: int
    kind: str
    cpus: int
    speed: int
    min_ram: int
    max_ram: int
    nics: Sequence[NicSpec]
    disks: Sequence[DiskSpec]
    boot_args: str = ""


class DomainState(NamedTuple):
    """A domain as it is now: its specification, power state and the port of its console."""

    spec: DomainSpec
    power: str
    vnc_port: int


class PoolSpec(NamedTuple):
    """A primary storage pool. `kind` is a StoragePoolType name, `local_path` where the agent mounts it."""

    uuid: str
    kind: str
    host: str
    path: str
    local_path: str


class PoolUsage(NamedTuple):
    capacity_bytes: int
    used_bytes: int


class Volume(NamedTuple):
    """A volume, template or snapshot on a pool. Sizes in bytes: what the guest sees, what it takes."""

    pool: str
    name: str
    kind: str
    size_bytes: int
    physical_bytes: int


class Facts(NamedTuple):
    """What a host is made of. `memory_bytes` is what guests may have: the host's own share is already off."""

    name: str
    private_ip: str
    private_mac: str
    private_netmask: str
    gateway: str
    cpus: int
    cpu_sockets: int
    speed_mhz: int
    memory_bytes: int
    reserved_memory_bytes: int
    os_name: str
    os_version: str
    kernel_version: str
    arch: str


class Usage(NamedTuple):
    """Counters since the domain or host started: bytes and operations; `cpu_percent` of one moment."""

    cpu_percent: float
    memory_bytes: int
    network_read_bytes: int
    network_write_bytes: int
    disk_read_bytes: int
    disk_write_bytes: int
    disk_reads: int
    disk_writes: int


class Hypervisor(Protocol):
    """One host's hypervisor."""

    @property
    def facts(self) -> Facts: ...

    # --- domains -----------------------------------------------------------------------------------------------------
    def start(self, spec: DomainSpec) -> None:
        """Defines and starts. Refuses a name, MAC or address in use, missing volumes, too much memory."""
        ...

    def stop(self, name: str) -> bool:
        """Stops and undefines. False where there was no such domain."""
        ...

    def reboot(self, name: str) -> None: ...

    def power(self, name: str) -> str:
        """PowerOn, PowerUnknown (paused) or PowerOff (also where there is no such domain)."""
        ...

    def power_report(self) -> Mapping[str, str]:
        """Every powered-on domain's name and power state."""
        ...

    def domain(self, name: str) -> DomainState:
        """Refuses an unknown name."""
        ...

    def domains(self) -> Iterator[DomainState]: ...

    def scale(self, name: str, cpus: int, speed: int, min_ram: int, max_ram: int) -> None: ...

    # --- disks and interfaces of a running domain --------------------------------------------------------------------
    def attach(self, name: str, disk: DiskSpec) -> None:
        """The same disk again is no error; another disk on its device number is."""
        ...

    def detach(self, name: str, disk: DiskSpec) -> None: ...
    def plug(self, name: str, nic: NicSpec) -> None: ...
    def unplug(self, name: str, mac: str) -> None: ...
    def set_link(self, name: str, mac: str, enabled: bool) -> None: ...

    # --- moves -------------------------------------------------------------------------------------------------------
    def prepare_incoming(self, spec: DomainSpec) -> None:
        """Makes room for a domain that another host will send."""
        ...

    def cancel_incoming(self, name: str) -> None: ...

    def migrate(self, name: str, destination_ip: str, left_behind: Collection[str] = ()) -> None:
        """Sends a domain to the host of that private address, which must have prepared for it.

        `left_behind`: volumes that do not go along, as their contents move to new ones with the domain.
        """
        ...

    # --- storage -----------------------------------------------------------------------------------------------------
    def connect_pool(self, pool: PoolSpec) -> PoolUsage: ...
    def disconnect_pool(self, uuid: str) -> None: ...
    def pool_usage(self, uuid: str) -> PoolUsage: ...
    def volume(self, pool: str, name: str) -> Volume | None: ...

    def create_volume(self, pool: str, name: str, size_bytes: int) -> Volume:
        """An empty volume; the one that exists, where it is of that size."""
        ...

    def copy_template(self, pool: str, name: str, size_bytes: int, physical_bytes: int) -> Volume: ...
    def clone(self, pool: str, template: str, name: str, size_bytes: int) -> Volume: ...
    def copy_volume(self, source_pool: str, source: str, pool: str, name: str) -> Volume: ...
    def import_volume(self, pool: str, name: str, size_bytes: int, physical_bytes: int) -> Volume: ...
    def delete_volume(self, pool: str, name: str) -> None: ...
    def resize(self, pool: str, name: str, size_bytes: int) -> Volume: ...
    def snapshot(self, pool: str, volume: str, name: str) -> Volume: ...
    def revert(self, pool: str, volume: str, snapshot: str) -> None: ...

    def is_open(self, pool: str, name: str) -> bool:
        """True while some host writes to the volume."""
        ...

    def beats(self, private_ip: str) -> bool | None:
        """Whether the host of that address still writes its heartbeat to shared storage; None where none is known."""
        ...

    # --- VM snapshots ------------------------------------------------------------------------------------------------
    def snapshot_domain(self, name: str, snapshot: str, with_memory: bool) -> None: ...
    def delete_domain_snapshot(self, name: str, snapshot: str) -> None: ...
    def revert_domain(self, name: str, snapshot: str) -> None: ...

    # --- figures -----------------------------------------------------------------------------------------------------
    def host_usage(self) -> Usage: ...
    def domain_usage(self, name: str) -> Usage: ...
