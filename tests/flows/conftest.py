"""A running server over a small world, for every flow test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.flows.server import Server, fill
from tests.stores import filled_store


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with filled_store(fill, folder=tmp_path) as (store, made):
        running = await Server.start(store, made)
        yield running
        await running.stop()
