"""Scenario `addresses`: what an address, a VLAN and a network cost where there are very many.

`lakh.seed.address_load` is a process that seeds two installations, one with a thousandth of the other's addresses and
networks, and lets the same API calls run on both by turns: how far apart they are is what counts, not how fast the
machine is.
"""

from __future__ import annotations

from typing import Final

from lakh.lab.findings import measured_by
from lakh.lab.run import Run

SUMMARY: Final = "addresses, VLANs and networks: CPU and statements of each call beside 1,000,000 and beside 1,000"
NETWORKS_PER_ADDRESS: Final = 10


async def drive(run: Run) -> None:
    """`vms` are the addresses of a shared network, and of a public range. Raises LabError when the process breaks."""
    addresses = run.parameters.vms
    networks = max(1, addresses // NETWORKS_PER_ADDRESS)
    run.stand.screen.step(f"{addresses:,} addresses, {networks:,} networks, and a thousandth of both")
    folder = str(run.stand.folder)
    sizes = ["--addresses", str(addresses), "--networks", str(networks)]
    await measured_by(run, "addresses", ["-m", "lakh.seed.address_load", "--folder", folder, *sizes])
