"""A management server and ten agents in two clusters, connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.agent.cloud import filer
from tests.fleet.management import ManagementServer

from lakh.fleet.fleet import Fleet
from lakh.fleet.identity import spread
from lakh.fleet.options import Options

QUICK = """
description = "for tests"
boot_seconds = 0.01
[reconnection]
after_loss_seconds = 0.01
backoff_seconds = 0.02
jitter = 0.0
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ManagementServer]:
    made = ManagementServer(tmp_path)
    made.pools.append(filer())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def quick(tmp_path: Path) -> str:
    """A behaviour file for tests."""
    path = tmp_path / "quick.toml"
    path.write_text(QUICK)
    return str(path)


@pytest.fixture
async def fleet(server: ManagementServer, quick: str) -> AsyncIterator[Fleet]:
    entries = tuple(spread(10, "1", 1, 2))
    made = Fleet(Options((("127.0.0.1", server.port),), entries, 1, 10, behaviour=quick))
    await made.start()
    await server.until(lambda: len(server.ready) == 10)
    yield made
    await made.stop()
