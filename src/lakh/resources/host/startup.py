"""Checks an agent's Startup against the installation, as agent-protocol 3.1 tells, and makes the host's row of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from lakh.base.errors import LakhError
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.host.index import STARTUP_COLUMNS, HostIndex, mark_of
from lakh.resources.host.row import HostRow
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.snapshot import Changes, Loaded
from lakh.wire.startup import StartupCommand

ARCHITECTURES = ("i686", "x86_64", "aarch64", "s390x")
_RED_HAT_LIKE = frozenset(
    {"rocky", "rocky linux", "red", "red hat enterprise linux", "oracle", "oracle linux server", "almalinux"}
)
_GUID_SUFFIX = "-LibvirtComputingResource"


class RefusedError(LakhError):
    """The agent may not join; the text goes to it in ReadyCommand._details."""


class Description(NamedTuple):
    """What a Startup makes of a host: columns of its row, and details that come on top of those it has."""

    fields: dict[str, Any]
    details_json: str

    @property
    def mark(self) -> int:
        return mark_of(tuple([self.fields[name] for name in STARTUP_COLUMNS]), self.details_json)

    def row(self, cloud: Cloud, known: HostRow | None) -> HostRow:
        """A new host's row, or `known` with what changed."""
        details = msgspec.json.decode(self.details_json, type=dict[str, str])
        if known is None:
            return new_row(cloud, details, self.fields)
        stored = msgspec.json.decode(known.details_json, type=dict[str, str])
        merged = {**stored, **details}
        row = msgspec.structs.replace(known, **self.fields)
        if merged != stored:
            row = msgspec.structs.replace(row, details_json=msgspec.json.encode(merged).decode())
        return row


async def described(cloud: Cloud, startup: StartupCommand, known_id: int | None) -> Description:
    """Judges the Startup of a new host, or of the known one of this id. Raises RefusedError."""
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
    _check_os(cloud, cluster, details["Host.OS"], known_id)
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
    return Description(fields, msgspec.json.encode(details).decode())


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
    named = startup.cluster or ""
    cluster = cloud.part(ClusterNames).find(await cloud.snapshots.of(ClusterRow), pod.id, named)
    if cluster is None:
        raise RefusedError(f"Unable to find cluster {named} in pod {pod.name} of zone {zone.name}")
    return cluster


class ClusterNames:
    """A part of the cloud: clusters by pod and name, and by pod and id; there are thousands, and every host asks."""

    def __init__(self, _: Cloud) -> None:
        self._changes: Changes[ClusterRow] = Changes()
        self._found: dict[tuple[int, str], int] = {}
        self._keys: dict[int, tuple[tuple[int, str], ...]] = {}

    def find(self, clusters: Loaded[ClusterRow], pod_id: int, named: str) -> ClusterRow | None:
        changed, anew = self._changes.look(clusters)
        if anew:
            self._found, self._keys = {}, {}
        for cluster_id in changed:
            self._take(cluster_id, clusters.by_id.get(cluster_id))
        found = self._found.get((pod_id, named))
        return None if found is None else clusters.by_id[found]

    def _take(self, cluster_id: int, cluster: ClusterRow | None) -> None:
        for key in self._keys.pop(cluster_id, ()):
            if self._found.get(key) == cluster_id:
                del self._found[key]
        if cluster is not None and cluster.removed_ms is None:
            keys = self._keys[cluster_id] = (cluster.pod_id, str(cluster.id)), (cluster.pod_id, cluster.name)
            for key in keys:
                self._found.setdefault(key, cluster_id)


def _check_os(cloud: Cloud, cluster: ClusterRow, os_name: str, known_id: int | None) -> None:
    """All hosts of a cluster run the same OS, or one of the Red Hat family."""
    clusters = cloud.part(ClusterOs)
    first = clusters.name_of(cluster.id)
    if os_name == first:
        return
    if first is None or (known_id is not None and len(clusters.hosts_of(cluster.id)) <= 1):
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
