"""Simulated trouble never breaks an invariant, and the same seed is the same story."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sim.simulation import Chaos, Simulation

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("seed", range(6))
def test_trouble_breaks_no_invariant(seed: int) -> None:
    simulation = Simulation(seed)
    simulation.run()
    assert simulation.events > 300


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 200))
def test_much_trouble_breaks_no_invariant(seed: int) -> None:
    chaos = Chaos(hosts=20, deployments=400, seconds=120, crashes=12, lost_answers=0.1, away_each_second=0.1)
    Simulation(seed, chaos).run()


def test_the_same_seed_is_the_same_story() -> None:
    def story(hash_seed: str, seed: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        command = [sys.executable, "-m", "tests.sim", seed]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout

    first = story("1", "42")
    assert first == story("2", "42")
    assert first != story("1", "43")
