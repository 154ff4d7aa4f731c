"""Who the agents of a fleet are: everything follows from the seed and the agent's number.

A fleet started again with the same arguments is the same hosts, so a server finds its rows by their guids.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from hashlib import md5
from ipaddress import IPv4Network
from uuid import UUID

import msgspec

from lakh.agent.host import Place
from lakh.agent.hypervisor import Facts
from lakh.base.errors import LakhError

_FIRST_HOST = 10  # the first addresses of the network are for gateways


class FleetMapError(LakhError):
    """The map of clusters cannot be used."""


class MapEntry(msgspec.Struct, forbid_unknown_fields=True):
    """So many agents belong to this cluster. Zone, pod and cluster: numeric ids as texts or numbers, or names."""

    zone: str | int
    pod: str | int
    cluster: str | int
    count: int


class Identities:
    """Facts and places of the agents, numbered from 1."""

    __slots__ = ("_entries", "_hardware", "_network", "_prefix", "_seed", "total")

    def __init__(
        self,
        entries: Sequence[MapEntry],
        *,
        seed: int,
        network: str,
        prefix: str,
        cpus: int,
        speed_mhz: int,
        memory_bytes: int,
    ) -> None:
        self._entries = [(entry, Place(str(entry.zone), str(entry.pod), str(entry.cluster))) for entry in entries]
        self.total = sum(entry.count for entry in entries)
        self._network = IPv4Network(network)
        self._prefix = prefix
        self._seed = seed
        self._hardware = (cpus, speed_mhz, memory_bytes)
        if self.total + _FIRST_HOST >= self._network.num_addresses:
            raise FleetMapError(f"network {network} has no addresses for {self.total} agents: give a larger one")

    def place(self, number: int) -> Place:
        left = number
        for entry, place in self._entries:
            if left <= entry.count:
                return place
            left -= entry.count
        raise IndexError(number)

    def guid(self, number: int) -> str:
        digest = md5(f"{self._seed} {self._prefix} {number}".encode(), usedforsecurity=False).digest()
        return str(UUID(bytes=digest, version=3))

    def facts(self, number: int) -> Facts:
        cpus, speed, memory = self._hardware
        mac = (0x525400 << 24) | number
        return Facts(
            name=f"{self._prefix}-{number:06d}",
            private_ip=str(self._network.network_address + _FIRST_HOST + number),
            private_mac=mac.to_bytes(6, "big").hex(":"),
            private_netmask=str(self._network.netmask),
            gateway=str(self._network.network_address + 1),
            cpus=cpus,
            cpu_sockets=2,
            speed_mhz=speed,
            memory_bytes=memory,
            reserved_memory_bytes=1 << 30,
            os_name="Ubuntu",
            os_version="24.04",
            kernel_version="6.8.0-40-generic",
            arch="x86_64",
        )


def source_address(number: int) -> str:
    """The loopback address an agent dials from, where its server is on loopback too: its own, as on a real network."""
    number += 1 << 16
    return f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class Sources:
    """Where servers see the agents of a process come from."""

    __slots__ = ("_shared",)

    def __init__(self, server: tuple[str, int]) -> None:
        """`server`: the first of those that the fleet was started with."""
        self._shared: str | None = None
        if not server[0].startswith("127.") and server[0] != "localhost":
            self._shared = _address_towards(server)

    def of(self, number: int) -> str:
        """The address; empty where it cannot be told."""
        return source_address(number) if self._shared is None else self._shared


def _address_towards(server: tuple[str, int]) -> str:
    """This machine's address on the way there; nothing is sent."""
    try:
        family, _, _, _, address = socket.getaddrinfo(*server, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def spread(agents: int, zone: str, pods: int, clusters: int) -> list[MapEntry]:
    """Agents evenly over clusters, clusters evenly over pods, ids from 1."""
    if not 0 < pods <= clusters <= max(agents, 1):
        raise FleetMapError(f"{agents} agents in {clusters} clusters of {pods} pods: each needs at least one below it")
    return [
        MapEntry(zone, str(c * pods // clusters + 1), str(c + 1), agents * (c + 1) // clusters - agents * c // clusters)
        for c in range(clusters)
    ]


def read_map(text: str, agents: int | None) -> list[MapEntry]:
    """A JSON list of entries. With `agents` it is cut to so many. Raises FleetMapError."""
    try:
        entries = msgspec.json.decode(text, type=list[MapEntry])
    except msgspec.MsgspecError as error:
        raise FleetMapError(f"map of clusters: {error}") from None
    if any(entry.count < 0 for entry in entries):
        raise FleetMapError("map of clusters: count must not be negative")
    total = sum(entry.count for entry in entries)
    if agents is None or agents == total:
        return entries
    if agents > total:
        raise FleetMapError(f"map of clusters: {total} agents, {agents} wanted")
    cut = []
    for entry in entries:
        count = min(entry.count, agents)
        agents -= count
        if count:
            cut.append(MapEntry(entry.zone, entry.pod, entry.cluster, count))
    return cut
