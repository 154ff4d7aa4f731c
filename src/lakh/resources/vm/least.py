"""What a host must really have for a VM: where a cluster's CPU and memory are promised more than once, each VM is
guaranteed its share of them only, unless the cluster's settings guarantee it the whole."""

from __future__ import annotations

from typing import NamedTuple

from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.vm.row import VmRow


class Least(NamedTuple):
    """minSpeed and minRam of a VirtualMachineTO."""

    speed_mhz: int
    memory_bytes: int


async def least_of(cloud: Cloud, vm: VmRow, host_id: int | None) -> Least:
    """As the cluster of that host has it; the whole size where the VM is on none."""
    speed_mhz, memory_bytes = vm.speed_mhz, vm.memory_mb << 20
    fact = cloud.part(HostIndex).facts.get(host_id or 0)
    cluster = (await cloud.snapshots.of(ClusterRow)).by_id.get((fact.cluster_id or 0) if fact is not None else 0)
    if cluster is None:
        return Least(speed_mhz, memory_bytes)
    settings, scope = cloud.part(Settings), ("Cluster", cluster.id)
    if cluster.cpu_overcommit > 1 and settings.flag(
        "vm.min.cpu.speed.equals.cpu.speed.divided.by.cpu.overprovisioning.factor", scope
    ):
        speed_mhz = int(speed_mhz / cluster.cpu_overcommit)
    if cluster.memory_overcommit > 1 and settings.flag(
        "vm.min.memory.equals.memory.divided.by.mem.overprovisioning.factor", scope
    ):
        memory_bytes = int(memory_bytes / cluster.memory_overcommit)
    return Least(speed_mhz, memory_bytes)
