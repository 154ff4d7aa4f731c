"""Checks an agent's Startup against the installation, as agent-protocol 3.1 tells, and makes the host's row of it."""

from __future__ import annotations

from typing import Any

import msgspec

from lakh.base.errors import LakhError
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import HostRow
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.wire.startup import StartupCommand

ARCHITECTURES = ("i686", "x86_64", "aarch64", "s390x")
_RED_HAT_LIKE = frozenset(
    {"rocky", "rocky linux", "red", "red hat enterprise linux", "oracle", "oracle linux server", "almalinux"}
)
_GUID_SUFFIX = "-LibvirtComputingResource"


class RefusedError(LakhError):
    """The agent may not join; the text goes to it in ReadyCommand._details."""


async def checked(cloud: Cloud, startup: StartupCommand, known: HostRow | None) -> HostRow:
    """The host's row as this Startup makes it (a new one, or `known` with what changed). Raises RefusedError."""
    zone, pod = await _place(cloud, startup)
    cluster = await _cluster(cloud, startup, zone, pod)
    details = {str(k): str(v) for k, v in (startup.host_details or {}).items()}
    arch = startup.cpu_arch or startup.arch or "x86_64"
    if arch not in ARCHITECTURES:
        raise RefusedError(f"Unknown CPU architecture {arch}; it must be one of {', '.join(ARCHITECTURES)}")
    if arch != cluster.arch:
        raise RefusedError(f"Architecture {arch} differs from that of cluster {cluster.name}: {cluster.arch}")
    if (startup.hypervisor_type or "").upper() != cluster.hypervisor.upper():
        raise RefusedError(
            f"Hypervisor {startup.hypervisor_type} differs from cluster {cluster.name}'s: {cluster.hypervisor}"
        )
    if not startup.private_ip_address:
        raise RefusedError("The Startup command has no privateIpAddress")
    if "Host.OS" not in details:
        raise RefusedError("The Startup command's hostDetails have no Host.OS")
    _check_os(cloud, cluster, details["Host.OS"], known)
    fields: dict[str, Any] = {
        "guid": startup.guid,
        "name": startup.name or startup.private_ip_address,
        "type": "Routing",
        "zone_id": zone.id,
        "pod_id": pod.id,
        "cluster_id": cluster.id,
        "hypervisor": cluster.hypervisor,
        "hypervisor_version": startup.hypervisor_version,
        "arch": arch,
        "version": startup.version,
        "capabilities": startup.caps,
        "private_ip": startup.private_ip_address,
        "private_mac": startup.private_mac_address,
        "private_netmask": startup.private_netmask,
        "storage_ip": startup.storage_ip_address,
        "public_ip": startup.public_ip_address,
        "cpu_sockets": startup.cpu_sockets or 1,
        "cpus": startup.cpus,
        "speed_mhz": startup.speed,
        "memory_bytes": startup.memory,
    }
    if known is None:
        return new_row(cloud, details, fields)
    stored = msgspec.json.decode(known.details_json, type=dict[str, str])
    merged = {**stored, **details}
    if merged != stored:
        fields["details_json"] = msgspec.json.encode(merged).decode()
    return msgspec.structs.replace(known, **fields)


def new_row(cloud: Cloud, details: dict[str, str], fields: dict[str, Any]) -> HostRow:
    """A host never seen before, Connecting."""
    return HostRow(
        id=cloud.id("host"),
        uuid=cloud.uuid(),
        status="Connecting",
        resource_state="Enabled",
        details_json=msgspec.json.encode(details).decode(),
        management_server_id=cloud.server_id,
        created_ms=cloud.now_ms(),
        disconnected_ms=None,
        **fields,
    )


def guid_variants(guid: str) -> list[str]:
    """The guid as sent and without its resource suffix: a host is looked up by either."""
    return [guid, guid.removesuffix(_GUID_SUFFIX)] if guid.endswith(_GUID_SUFFIX) else [guid]


async def _place(cloud: Cloud, startup: StartupCommand) -> tuple[ZoneRow, PodRow]:
    zones = await cloud.snapshots.of(ZoneRow)
    named = startup.data_center or ""
    zone = next((z for z in zones if z.name == named or str(z.id) == named), None)
    if zone is None:
        raise RefusedError(f"Unable to find zone {named}: the agent sent incorrect data center")
    pods = await cloud.snapshots.of(PodRow)
    named = startup.pod or ""
    pod = next((p for p in pods if p.zone_id == zone.id and (p.name == named or str(p.id) == named)), None)
    if pod is None:
        raise RefusedError(f"Unable to find pod {named} in zone {zone.name}: the agent sent incorrect pod")
    return zone, pod


async def _cluster(cloud: Cloud, startup: StartupCommand, zone: ZoneRow, pod: PodRow) -> ClusterRow:
    clusters = await cloud.snapshots.of(ClusterRow)
    named = startup.cluster or ""
    for cluster in clusters:
        if cluster.pod_id == pod.id and (str(cluster.id) == named or cluster.name == named):
            return cluster
    raise RefusedError(f"Unable to find cluster {named} in pod {pod.name} of zone {zone.name}")


def _check_os(cloud: Cloud, cluster: ClusterRow, os_name: str, known: HostRow | None) -> None:
    """All hosts of a cluster run the same OS, or one of the Red Hat family."""
    clusters = cloud.part(ClusterOs)
    first = clusters.name_of(cluster.id)
    if first is None or (known is not None and len(clusters.hosts_of(cluster.id)) <= 1):
        clusters.set(cluster.id, os_name)
        return
    ours, theirs = os_name.lower(), first.lower()
    if ours == theirs or ours.startswith(theirs) or (ours in _RED_HAT_LIKE and theirs in _RED_HAT_LIKE):
        return
    raise RefusedError(f"Host OS {os_name} differs from that of the hosts in cluster {cluster.name}: {first}")


class ClusterOs:
    """A part of the cloud: the OS of each cluster's hosts, learned as they connect."""

    def __init__(self, cloud: Cloud) -> None:
        self._index = cloud.part(HostIndex)
        self._names: dict[int, str] = {}

    def name_of(self, cluster_id: int) -> str | None:
        return self._names.get(cluster_id)

    def set(self, cluster_id: int, name: str) -> None:
        self._names[cluster_id] = name

    def hosts_of(self, cluster_id: int) -> list[int]:
        return [h.id for h in self._index.facts.values() if h.cluster_id == cluster_id]
