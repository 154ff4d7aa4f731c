"""`python -m lakh.seed`: what `lakh lab seed` runs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import msgspec
import uvloop

from lakh.base import log
from lakh.base.errors import LakhError
from lakh.lab.screen import Screen
from lakh.seed.fleet_state import FleetFolder
from lakh.seed.seeding import seed_store
from lakh.seed.size import Size
from lakh.server.config import read

_HELP = {
    "hosts": "KVM hosts: those that `lakh fleet run` with seeded.json's map and the same seed plays",
    "vms": "Instances, each with a root disk and a NIC",
    "accounts": "accounts with a user each; the first owns the most Instances",
    "networks": "isolated networks, dealt to the accounts in turn",
    "domains": "domains below ROOT, twelve below each",
    "volumes": "root and data disks (0: root disks only)",
    "events": "events of the Instances: two for each that they were created, then stops and starts",
    "zones": "zones",
    "hosts_per_cluster": "hosts of each cluster",
    "running": "percentage of the Instances that are Running; the others are Stopped",
    "disconnected": "the hosts are Disconnected, not Up: for a server without a fleet",
    "seed": "who owns what, names and identities follow from it",
}


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 2 for what the caller can mend."""
    parser = argparse.ArgumentParser(
        prog="lakh lab seed",
        description="Fills an empty store with an installation of any size, through the product's own statements.",
        epilog="example: lakh lab seed --data-folder build/seeded --hosts 1000 --vms 10000 --accounts 250 "
        "--networks 250; then: lakh server --data-folder build/seeded",
    )
    for field in msgspec.structs.fields(Size):
        flag = "--" + field.name.replace("_", "-")
        if field.type is bool:
            parser.add_argument(flag, dest=field.name, action="store_true", help=_HELP[field.name])
        else:
            text = f"{_HELP[field.name]} (default {field.default})"
            parser.add_argument(flag, dest=field.name, type=_number, default=field.default, help=text)
    parser.add_argument("--data-folder", help="where the server's data lies (default: data)")
    parser.add_argument("--store", help="postgresql://… instead of the embedded store; also LAKH_STORE")
    parser.add_argument(
        "--fleet-state", type=Path, help="also write what `lakh fleet run --state` of these hosts finds"
    )
    parser.add_argument("--fleet-processes", type=_number, default=1, help="of that fleet (default 1)")
    parser.add_argument("--json", action="store_true", help="print what was made as one JSON line")
    given = vars(parser.parse_args(sys.argv[1:] if arguments is None else arguments))
    as_json = given.pop("json")
    state, processes = given.pop("fleet_state"), given.pop("fleet_processes")
    fleet = FleetFolder(state, processes) if state is not None else None
    places = {name: given.pop(name) for name in ("data_folder", "store")}
    log.configure("warning", "seed")
    screen = Screen()
    try:
        config = read(None, os.environ, places)
        told = uvloop.run(seed_store(config, Size(**given), screen, fleet))
    except LakhError as error:
        screen.say(f"lakh lab seed: {error}")
        return 2
    screen.step(f"seeded in {told['seconds']} s; {config.data_folder}/seeded.json tells of it")
    if as_json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    return 0


def _number(text: str) -> int:
    """A whole number; `1_000_000` and `1,000,000` are fine."""
    return int(text.replace(",", ""))


if __name__ == "__main__":
    sys.exit(main())
