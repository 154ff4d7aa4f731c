"""`python -m tests.sim SEED`: prints the hash of one simulation's event log."""

from __future__ import annotations

import sys

from tests.sim.simulation import Simulation

from lakh.base import log

log.configure("error")

simulation = Simulation(int(sys.argv[1]))
print(simulation.run(), simulation.events)  # noqa: T201
