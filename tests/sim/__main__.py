"""`python -m tests.sim SEED [--aloud] [KEY=VALUE …]`: one simulation; prints the hash of its event log."""

from __future__ import annotations

import sys
import time

from tests.sim.simulation import Chaos, Simulation

from lakh.base import log

log.configure("warning" if "--logs" in sys.argv else "critical")

given = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
chaos = Chaos(**{key: type(getattr(Chaos(), key))(value) for key, value in given.items()})
simulation = Simulation(int(sys.argv[1]), chaos, aloud="--aloud" in sys.argv)
began = time.perf_counter()
try:
    print(simulation.run(), simulation.events)  # noqa: T201
finally:
    if "--figures" in sys.argv:
        print(  # noqa: T201
            f"{time.perf_counter() - began:.1f} s", f"rest after {simulation.rest_seconds:.0f} s",
            simulation.life.asked, simulation.trouble.made, simulation.ends, simulation.watch.looks,
        )  # fmt: skip
