"""A server on a seeded store: one that this run fills, or that an earlier run with the same `--store` has filled."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from lakh.lab.processes import Running
from lakh.lab.run import Run
from lakh.lab.stand import LabError

SEED_SECONDS: Final = 21 * 60.0
START_SECONDS: Final = 300.0
_HISTORY: Final = "events"  # a kept store may have more or fewer: the report says how many


async def seeded_server(run: Run, shape: Mapping[str, int]) -> dict[str, Any]:
    """Starts a server without hosts on a store of this shape; returns what `seeded.json` tells of it.

    Raises LabError where the folder keeps a store of another shape, or none could be made.
    """
    stand = run.stand
    if run.parameters.postgresql:
        await stand.use_postgresql()
    elif run.parameters.store_url:
        stand.store_url = run.parameters.store_url
    flags = ["--disconnected"]
    for name, number in shape.items():
        flags += [f"--{name}", str(number)]
    told = await fill(run, "seeding " + ", ".join(f"{number:,} {name}" for name, number in shape.items()), flags)
    other = {
        name: told["size"][name] for name, number in shape.items() if told["size"][name] != number and name != _HISTORY
    }
    if other:
        kept = ", ".join(f"{number:,} {name}" for name, number in other.items())
        raise LabError(f"{stand.folder} keeps a store of {kept}: give its sizes, or another --store")
    run.figure(_HISTORY, told["size"][_HISTORY], "")
    began = time.monotonic()
    await stand.start_server(START_SECONDS)
    run.figure("start_seconds", time.monotonic() - began, "s")
    return told


async def fill(run: Run, what: str, flags: Sequence[str]) -> dict[str, Any]:
    """Seeds the stand's store unless an earlier run has; returns what `seeded.json` tells of it. Raises LabError."""
    stand, folder = run.stand, run.stand.folder / "server"
    told = await asyncio.to_thread(_told, folder)
    if told is not None:
        return told
    stand.screen.step(what)
    stand.agree_on_keys()
    began = time.monotonic()
    await _seed(stand.folder / "seed.log", ["--data-folder", str(folder), *_store(stand.store_url), *flags])
    run.figure("seeding_seconds", time.monotonic() - began, "s")
    if stand.postgresql is not None:
        stand.screen.step("VACUUM ANALYZE, as autovacuum would do during the first minutes")
        await asyncio.to_thread(stand.postgresql.vacuum)
    told = await asyncio.to_thread(_told, folder)
    assert told is not None
    return told


def _store(url: str | None) -> list[str]:
    return ["--store", url] if url else []


async def _seed(log: Path, arguments: Sequence[str]) -> None:
    """A process of its own."""
    seeding = Running("seeding", ["-m", "lakh.seed", *arguments], log)
    try:
        code = await asyncio.to_thread(seeding.process.wait, SEED_SECONDS)
    except subprocess.TimeoutExpired:
        raise LabError(f"seeding was not done after {SEED_SECONDS:g} s") from None
    finally:
        await asyncio.to_thread(seeding.kill)
    if code:
        raise LabError(f"seeding failed: {(await asyncio.to_thread(log.read_text))[-400:]}")


def _told(folder: Path) -> dict[str, Any] | None:
    """What a seeding that came to its end said."""
    try:
        told: dict[str, Any] = msgspec.json.decode((folder / "seeded.json").read_bytes())
    except FileNotFoundError:
        return None
    return told
