"""A server on a seeded store: one that this run fills, or that an earlier run with the same `--store` has filled."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lakh.lab.processes import Running
from lakh.lab.stand import LabError

if TYPE_CHECKING:
    from lakh.lab.scenario import Run

SEED_SECONDS: Final = 21 * 60.0
START_SECONDS: Final = 300.0


async def seeded_server(run: Run, shape: Mapping[str, int]) -> dict[str, Any]:
    """Starts a server without hosts on a store of this shape; returns what `seeded.json` tells of it.

    Raises LabError where the folder keeps a store of another shape, or none could be made.
    """
    stand = run.stand
    if run.parameters.postgresql:
        await stand.use_postgresql()
    elif run.parameters.store_url:
        stand.store_url = run.parameters.store_url
    told = await asyncio.to_thread(_told, stand.folder / "server")
    if told is None:
        stand.screen.step("seeding " + ", ".join(f"{number:,} {name}" for name, number in shape.items()))
        flags = ["--disconnected"]
        for name, number in shape.items():
            flags += [f"--{name}", str(number)]
        await fill(run, flags)
        if stand.postgresql is not None:
            stand.screen.step("VACUUM ANALYZE, as autovacuum would do during the first minutes")
            await asyncio.to_thread(stand.postgresql.vacuum)
        told = await asyncio.to_thread(_told, stand.folder / "server")
    assert told is not None
    other = {name: told["size"][name] for name, number in shape.items() if told["size"][name] != number}
    if other:
        kept = ", ".join(f"{number:,} {name}" for name, number in other.items())
        raise LabError(f"{stand.folder} keeps a store of {kept}: give its sizes, or another --store")
    began = time.monotonic()
    await stand.start_server(START_SECONDS)
    run.figure("start_seconds", time.monotonic() - began, "s")
    return told


async def fill(run: Run, flags: Sequence[str]) -> None:
    """Seeds the stand's store, in a process of its own. Raises LabError."""
    stand = run.stand
    arguments = ["-m", "lakh.seed", "--data-folder", str(stand.folder / "server"), *flags]
    if stand.store_url:
        arguments += ["--store", stand.store_url]
    stand.agree_on_keys()
    began, log = time.monotonic(), stand.folder / "seed.log"
    seeding = Running("seeding", arguments, log)
    try:
        code = await asyncio.to_thread(seeding.process.wait, SEED_SECONDS)
    except subprocess.TimeoutExpired:
        raise LabError(f"seeding was not done after {SEED_SECONDS:g} s") from None
    finally:
        await asyncio.to_thread(seeding.kill)
    if code:
        raise LabError(f"seeding failed: {(await asyncio.to_thread(log.read_text))[-400:]}")
    run.figure("seeding_seconds", time.monotonic() - began, "s")


def _told(folder: Path) -> dict[str, Any] | None:
    """What a seeding that came to its end said."""
    try:
        told: dict[str, Any] = msgspec.json.decode((folder / "seeded.json").read_bytes())
    except FileNotFoundError:
        return None
    return told
