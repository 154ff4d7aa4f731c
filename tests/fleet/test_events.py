"""What a behaviour file lets happen to a fleet now and then."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fleet.conftest import QUICK
from tests.fleet.management import ManagementServer

from lakh.fleet.fleet import Fleet
from lakh.fleet.identity import spread
from lakh.fleet.options import Options


async def fleet_with(event: str, server: ManagementServer, folder: Path) -> Fleet:
    """Six agents in two clusters, to whom this happens."""
    path = folder / "eventful.toml"
    path.write_text(QUICK + "\n[[event]]\n" + event)
    made = Fleet(Options((("127.0.0.1", server.port),), tuple(spread(6, "1", 1, 2)), 1, 6, behaviour=str(path)))
    await made.start()
    return made


@pytest.mark.parametrize(
    "event",
    [
        'action = "disconnect"\nevery_seconds = 0.3\nshare = 1.0',
        'action = "kill"\nevery_seconds = 0.3\nfor_seconds = 0.05\nshare = 1.0',
    ],
)
async def test_everybody_goes_and_comes_back(event: str, server: ManagementServer, tmp_path: Path) -> None:
    fleet = await fleet_with(event, server, tmp_path)
    for _ in range(2):
        await server.until(lambda: len(server.ready) == 6)
        await server.until(lambda: len(server.seats) == 0)
        server.ready.clear()
    await fleet.stop()


async def test_clusters_die_one_after_another(server: ManagementServer, tmp_path: Path) -> None:
    event = 'action = "kill"\nevery_seconds = 0.3\nfor_seconds = 0.1\nby_cluster = true'
    fleet = await fleet_with(event, server, tmp_path)
    await server.until(lambda: len(server.ready) == 6)
    first, second = {f"kvm-00000{n}" for n in (1, 2, 3)}, {f"kvm-00000{n}" for n in (4, 5, 6)}
    await server.until(lambda: set(server.seats) == second)
    await server.until(lambda: set(server.seats) == first)
    await fleet.stop()


async def test_a_slow_spell_ends(server: ManagementServer, tmp_path: Path) -> None:
    event = 'action = "slow"\nevery_seconds = 0.2\nfor_seconds = 0.1\nfactor = 5.0'
    fleet = await fleet_with(event, server, tmp_path)
    seen: list[float] = []

    def watch() -> None:
        seen.append(fleet.behaviour.agent.slowness)
        server.changed()
        fleet.later(0.02, watch)

    watch()
    await server.until(lambda: 5.0 in seen and seen[-1] == 1.0)
    await fleet.stop()
