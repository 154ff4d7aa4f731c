"""How far a scenario of many runs has come: a file in the folder that keeps its installation.

It is written after every block, so that a run that was killed costs the block it was in.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from lakh.lab.installation import Installation

_FILE: Final = "million.json"


class BlockRecord(msgspec.Struct, kw_only=True):
    """One block of deployments. `last`: VMs there were at its end. Memory in MB, PSS without file pages, at its end;
    `cpu_ms`, `statements`, `transactions` and `host_requests` for each VM."""

    vms: int
    last: int
    seconds: float
    failed: int
    cpu_ms: dict[str, float]
    statements: float
    transactions: float
    host_requests: float
    server_seconds_p50: float
    server_seconds_p99: float
    server_mb: float
    fleet_mb: float
    fleet_bytes_per_vm: float
    machine_gb: float

    @property
    def cpu_ms_all(self) -> float:
        return sum(self.cpu_ms.values())

    @property
    def rate(self) -> float:
        return self.vms / max(self.seconds, 1e-9)


class Part(msgspec.Struct, kw_only=True):
    """One run: from so many VMs on, its blocks in order."""

    number: int
    first: int
    connect_seconds: float = 0.0
    blocks: list[BlockRecord] = []


class Progress(msgspec.Struct, kw_only=True):
    """All runs so far. `ports`: of API and agents. `seeded`: VMs that were not deployed. `idle_fleet_mb`: what the
    fleet took without VMs; `networks`: isolated ones made so far."""

    agents: int
    processes: int
    ports: tuple[int, int]
    store_url: str = ""
    postgresql: bool = False
    seeded: int = 0
    runs: int = 0
    installation: Installation | None = None
    furnished: bool = False
    networks: int = 1
    idle_fleet_mb: float = 0.0
    parts: list[Part] = []

    @property
    def blocks(self) -> list[BlockRecord]:
        """Of all runs."""
        return [block for part in self.parts for block in part.blocks]


def load(folder: Path) -> Progress | None:
    """None where nothing was begun there."""
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Progress)
    except FileNotFoundError:
        return None


def save(folder: Path, progress: Progress) -> None:
    """All or nothing, whatever kills us."""
    fresh = folder / f"{_FILE}.new"
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(progress))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / _FILE)
