"""What a fleet is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lakh.agent.images import Image
from lakh.base.errors import LakhError
from lakh.fleet.identity import MapEntry
from lakh.fleet.member import Address
from lakh.wire.tls import CertificateFiles

_SYSTEM_TEMPLATE = Image("routing-3", "template/tmpl/1/3/systemvm.qcow2", "template", 5 << 30, 600 << 20)


class OptionError(LakhError):
    """An argument cannot be used. The text names it and says what would be right."""


@dataclass(frozen=True, slots=True)
class Options:
    """One process's share of a fleet. `first` to `last`: the numbers of its agents, from 1, both included.

    `authority` makes certificates for the agents; `keystores`: a folder that keeps them. `state`: a folder that keeps
    what hosts run and what lies on their storage, over the fleet's end.

    Sizes in bytes, speed in MHz. `shared`: a folder for the tables that several processes map, None for one process.
    """

    servers: tuple[Address, ...]
    entries: tuple[MapEntry, ...]
    first: int
    last: int
    seed: int = 1
    behaviour: str = "calm"
    control: Path | None = None
    network: str = "10.64.0.0/12"
    prefix: str = "kvm"
    cpus: int = 32
    speed_mhz: int = 2600
    memory_bytes: int = 128 << 30
    pool_bytes: int = 1 << 50
    batch_size: int = 0
    batch_wait_seconds: float = 0.0
    handshakes: int = 128
    guests: int = 0
    shared: Path | None = None
    state: Path | None = None
    statistics: str = ""
    authority: CertificateFiles | None = None
    keystores: Path | None = None
    seed_images: tuple[Image, ...] = field(default=(_SYSTEM_TEMPLATE,))


def read_servers(text: str) -> tuple[Address, ...]:
    """`host:port[,host:port…]`; without a port 8250. Raises OptionError."""
    servers = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        host, colon, port = part.rpartition(":")
        if not colon:
            host, port = part, "8250"
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise OptionError(f"--server {part}: HOST:PORT, such as 127.0.0.1:8250")
        servers.append((host, int(port)))
    if not servers:
        raise OptionError("--server: at least one HOST:PORT, such as 127.0.0.1:8250")
    return tuple(servers)


def read_seed_image(text: str) -> Image:
    """`NAME=PATH:SIZE[:PHYSICAL]`, sizes in bytes: a template that every image store holds already."""
    name, equals, rest = text.partition("=")
    parts = rest.split(":")
    if not equals or len(parts) not in (2, 3) or not all(part.isdigit() for part in parts[1:]):
        raise OptionError(f"--seed-template {text}: NAME=PATH:BYTES[:PHYSICAL_BYTES]")
    size = int(parts[1])
    return Image(name, parts[0], "template", size, int(parts[2]) if len(parts) == 3 else size)
