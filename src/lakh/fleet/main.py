"""`python -m lakh.fleet`: runs a fleet until it is told to stop.

python -m lakh.fleet --agents 1000 --clusters 50 --server 127.0.0.1:8250 --control /tmp/fleet.sock
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lakh.base.errors import LakhError
from lakh.fleet.behaviour import shipped
from lakh.fleet.identity import MapEntry, read_map, spread
from lakh.fleet.options import OptionError, Options, read_seed_image, read_servers
from lakh.fleet.run import run_process
from lakh.fleet.several import run_several
from lakh.wire.tls import CertificateFiles

_GIB = 1 << 30


def parser() -> argparse.ArgumentParser:
    """The command's arguments; `lakh fleet run` has the same."""
    made = argparse.ArgumentParser(
        prog="lakh fleet run",
        description="Runs mock KVM agents that speak CloudStack's agent protocol to any management server.",
        epilog="Example: --agents 1000 --clusters 50 --server 127.0.0.1:8250 --control /tmp/fleet.sock",
    )
    add = made.add_argument
    add("--agents", type=int, help="how many agents (default: as many as the map says, or 10)")
    add("--server", default="127.0.0.1:8250", help="HOST:PORT[,…] of the management servers (default %(default)s)")
    add("--zone", default="1", help="zone of all agents, numeric id or name (default %(default)s)")
    add("--pods", type=int, default=1, help="spread clusters over so many pods, ids from 1 (default %(default)s)")
    add("--clusters", type=int, default=1, help="spread agents over so many clusters, ids from 1 (default %(default)s)")
    add("--pod-cluster-map", type=Path, help="JSON list of {zone, pod, cluster, count}, instead of the three above")
    add("--seed", type=int, default=1, help="identities and chance follow from it (default %(default)s)")
    add("--behaviour", default="calm", help=f"{', '.join(shipped())}, or a TOML file (default %(default)s)")
    add("--control", type=Path, help="unix socket to control the fleet by")
    add("--statistics", help="file of one JSON line a second, - for standard output")
    add("--processes", type=int, default=1, help="share the agents out over so many processes (default %(default)s)")
    add("--batch-size", type=int, default=0, help="connect so many agents, then wait (default: no batches)")
    add("--batch-wait-seconds", type=float, default=0.0, help="how long to wait between batches")
    add("--handshakes", type=int, default=128, help="TLS handshakes in flight per process (default %(default)s)")
    add("--cpus", type=int, default=32, help="CPUs of each host (default %(default)s)")
    add("--speed", type=int, default=2600, help="MHz of each CPU (default %(default)s)")
    add("--memory", type=float, default=128.0, help="GiB of each host for guests (default %(default)s)")
    add("--pool-capacity", type=float, default=1 << 20, help="GiB of each storage pool (default %(default)s)")
    add("--guests", type=int, default=0, help="VMs that every host runs already, strangers to the server (default 0)")
    add("--network", default="10.64.0.0/12", help="private network of the hosts (default %(default)s)")
    add("--name-prefix", default="kvm", help="hosts are called PREFIX-000001 and so on (default %(default)s)")
    add("--seed-template", action="append", default=[], metavar="NAME=PATH:BYTES[:PHYSICAL]", help=_SEED_HELP)
    add("--ca-certificate", type=Path, metavar="PEM", help=_AUTHORITY_HELP)
    add("--ca-key", type=Path, metavar="PEM", help="private key of the first certificate in --ca-certificate")
    add("--keystores", type=Path, metavar="FOLDER", help="keep these certificates there, and use those kept before")
    add("--state", type=Path, metavar="FOLDER", help="keep VMs and volumes there, and take up those kept before")
    add("--part", help=argparse.SUPPRESS)
    add("--shared", type=Path, help=argparse.SUPPRESS)
    return made


_AUTHORITY_HELP = (
    "with --ca-key: give every agent a certificate of this authority; further ones in the file are trusted"
)
_SEED_HELP = "a template that the image stores hold already; routing-3 is there unless you name others"


def options_from(arguments: argparse.Namespace) -> Options:
    """Checks and converts. Raises LakhError."""
    entries = _entries(arguments)
    total = sum(entry.count for entry in entries)
    first, last = 1, total
    if arguments.part:
        first, last = (int(number) for number in arguments.part.split("-"))
    images = tuple(read_seed_image(text) for text in arguments.seed_template)
    defaults = Options((), (), 1, 1)
    if (arguments.ca_certificate is None) != (arguments.ca_key is None):
        raise OptionError("--ca-certificate, --ca-key: one needs the other")
    return Options(
        servers=read_servers(arguments.server),
        entries=tuple(entries),
        first=first,
        last=last,
        seed=arguments.seed,
        behaviour=arguments.behaviour,
        control=arguments.control,
        network=arguments.network,
        prefix=arguments.name_prefix,
        cpus=arguments.cpus,
        speed_mhz=arguments.speed,
        memory_bytes=int(arguments.memory * _GIB),
        pool_bytes=int(arguments.pool_capacity * _GIB),
        batch_size=arguments.batch_size,
        batch_wait_seconds=arguments.batch_wait_seconds,
        handshakes=arguments.handshakes,
        guests=arguments.guests,
        shared=arguments.shared,
        state=arguments.state,
        seed_images=images or defaults.seed_images,
        statistics=arguments.statistics or "",
        authority=CertificateFiles(arguments.ca_certificate, arguments.ca_key) if arguments.ca_key else None,
        keystores=arguments.keystores,
    )


def _entries(arguments: argparse.Namespace) -> list[MapEntry]:
    if arguments.pod_cluster_map is not None:
        return read_map(arguments.pod_cluster_map.read_text(), arguments.agents)
    agents = 10 if arguments.agents is None else arguments.agents
    return spread(agents, arguments.zone, arguments.pods, arguments.clusters)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 after an orderly end, 2 for wrong arguments."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parsed = parser().parse_args(given)
    try:
        options = options_from(parsed)
        if parsed.processes > 1 and not parsed.part:
            return run_several(options, parsed.processes, given)
        return run_process(options)
    except (LakhError, OSError, ValueError) as error:
        sys.stderr.write(f"lakh fleet: {error}\n")
        return 2
