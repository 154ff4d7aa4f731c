"""What is said of hosts and clusters when they enter the columns, and what the columns say of a host's load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What a host is. `usable`: type Routing, status Up, resource state Enabled. CPU total is cores times speed."""

    host_id: int
    zone_id: int
    pod_id: int
    cluster_id: int
    usable: bool
    cpu_cores: int
    cpu_speed_mhz: int
    memory_total_bytes: int
    hypervisor: str = "KVM"
    arch: str = "x86_64"
    tags: tuple[str, ...] = ()
    max_guests: int = 50

    @property
    def cpu_total_mhz(self) -> int:
        return self.cpu_cores * self.cpu_speed_mhz


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """A cluster's settings of these names: `cpu.overprovisioning.factor`, `mem.overprovisioning.factor`, and
    `cluster.cpu|memory.allocated.capacity.disablethreshold` (1.0 where `cluster.threshold.enabled` is false)."""

    enabled: bool = True
    cpu_overcommit: float = 1.0
    memory_overcommit: float = 1.0
    cpu_disable_threshold: float = 0.85
    memory_disable_threshold: float = 0.85


class HostLoad(NamedTuple):
    """What a host has given away, to how many guests, and whose it is (`tenants`); reservations of stopped VMs count
    in the first two only, and hold the tenant."""

    cpu_used_mhz: int
    memory_used_bytes: int
    guests: int
    tenant: int = 0


class HostLimits(NamedTuple):
    """What a host may give away, overcommit included: the bounds of the store's guarded UPDATE."""

    cpu_mhz: int
    memory_bytes: int
