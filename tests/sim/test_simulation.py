"""A cloud's life with trouble of every kind breaks no invariant, comes to rest by itself, and repeats exactly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.sim.simulation import Chaos, Simulation

from lakh.jobs.row import FAILED, SUCCEEDED

ROOT = Path(__file__).resolve().parents[2]
LONG = Chaos(hosts=12, seconds=6 * 3600.0, request_every=9.0, trouble_every=45.0, deaths=3)
DENSE = Chaos(hosts=5, memory_gib=12, seconds=500.0, request_every=1.2, trouble_every=15.0)
CROWDED = Chaos(hosts=4, memory_gib=6, seconds=1500.0, request_every=3.0, trouble_every=120.0, deaths=0)


def _run(seed: int, chaos: Chaos | None = None) -> Simulation:
    simulation = Simulation(seed, chaos)
    simulation.run()
    assert simulation.watch.looks > 100
    return simulation


@pytest.mark.parametrize("seed", range(1, 6))
def test_trouble_breaks_no_invariant(seed: int) -> None:
    ends = _run(seed).ends
    succeeded = Counter({command: count for (command, status), count in ends.items() if status == SUCCEEDED})
    assert {status for _, status in ends} <= {SUCCEEDED, FAILED}, "a job has no end"
    assert succeeded["deployVirtualMachine"] >= 5
    assert len(succeeded) >= 10, "hardly anything was done at all"


@pytest.mark.parametrize("chaos", [DENSE, CROWDED], ids=["dense", "crowded"])
def test_haste_and_lack_of_room_break_no_invariant(chaos: Chaos) -> None:
    _run(1, chaos)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 180))
def test_many_lives(seed: int) -> None:
    _run(seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200, 230))
def test_many_hasty_lives(seed: int) -> None:
    _run(seed, DENSE)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(300, 320))
def test_many_crowded_lives(seed: int) -> None:
    _run(seed, CROWDED)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(400, 406))
def test_long_lives(seed: int) -> None:
    _run(seed, LONG)


def test_the_same_seed_is_the_same_story() -> None:
    def story(hash_seed: str, seed: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        command = [sys.executable, "-m", "tests.sim", seed, "seconds=250", "trouble_every=12"]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout

    first = story("1", "42")
    assert first == story("2", "42")
    assert first != story("1", "43")
