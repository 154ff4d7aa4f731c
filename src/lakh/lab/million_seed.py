"""A scenario's installation that begins with seeded VMs: the store, and a fleet whose hosts run them.

Instances, accounts and networks come from `lakh lab seed`; what deploys on top of them is an account of its own, with
its own isolated networks, made through the API.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec

from lakh.contract.client import Client
from lakh.lab.installation import Installation, Zone, account, first_network
from lakh.lab.run import Run
from lakh.lab.seeded import fill

HARDWARE: Final = {"pool_capacity": str(1 << 23)}
"""Seeded hosts are what the fleet plays unless told otherwise; GiB of a seeded pool."""


async def seed(run: Run, state: Path, vms: int) -> None:
    """Fills the server's store and the fleet's state, unless a run that was killed since has. Raises LabError."""
    stand = run.stand
    accounts = max(25, min(stand.agents // 4, 25_000))
    shape = {
        "hosts": stand.agents, "vms": vms, "accounts": accounts, "networks": accounts, "domains": max(5, accounts // 5),
        "zones": 1, "hosts-per-cluster": 20, "running": 100, "fleet-processes": stand.processes,
    }  # fmt: skip
    flags = ["--fleet-state", str(state)]
    for name, number in shape.items():
        flags += [f"--{name}", str(number)]
    await fill(run, f"seeding {vms:,} VMs of {accounts:,} accounts on {stand.agents:,} hosts", flags)


async def adopt(admin: Client, folder: Path) -> Installation:
    """The seeded installation in the server's data folder, with an account that may deploy in it."""
    told: dict[str, Any] = msgspec.json.decode(await asyncio.to_thread((folder / "seeded.json").read_bytes))
    zones = []
    for listed in (await admin.call("listZones"))["zone"]:
        clusters = [entry for entry in told["fleet_map"] if entry["zone"] == listed["name"]]
        zones.append(Zone(listed["id"], listed["name"], told["templates"][0], clusters=clusters))
    keys = await account(admin)
    return Installation(zones, told["offerings"][0], *keys, "demo", told["size"]["hosts"])


async def furnish_seeded(admin: Client, user: Client, installation: Installation) -> None:
    """Isolated networks of the account's own."""
    for zone in installation.zones:
        await first_network(admin, user, zone)
