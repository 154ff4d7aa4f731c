"""A flapping fleet costs its reconnects and nothing else, for however long."""

from __future__ import annotations

import pytest
from tests.sim.flap import Flap

from lakh.base.limits import PLACEMENT_KIND_CHANGES

SLACK = 12
"""Timers and tasks that one moment has and another has not."""
STATEMENTS_A_MINUTE = 100
BOUNDED = {"part HostIndex.columns.spreads._changed": PLACEMENT_KIND_CHANGES}
"""Lists that fill up to a bound and are emptied then."""


def _holds(flap: Flap) -> None:
    flap.run()
    assert flap.reconnects >= flap.minutes
    assert (flap.lost, flap.alerts, flap.states) == (set(), [], {"Running"})
    early, late = flap.look_at
    before, after = flap.measured[early], flap.measured[late]
    grown = {
        where: (before.get(where, 0), size)
        for where, size in after.items()
        if size > BOUNDED.get(where, before.get(where, 0) * 1.05 + SLACK)
    }
    assert not grown, f"grew from minute {early} to minute {late}: {grown}"
    assert len(after) > 60
    assert (flap.statements[late] - flap.statements[early]) / (late - early) < STATEMENTS_A_MINUTE


def test_an_hour_of_flapping_leaves_nothing_behind() -> None:
    _holds(Flap(1, hosts=30, minutes=60, look_at=(20, 60)))


@pytest.mark.soak
def test_twelve_hours_of_flapping_leave_nothing_behind() -> None:
    _holds(Flap(2, hosts=300, minutes=12 * 60, look_at=(120, 720)))
