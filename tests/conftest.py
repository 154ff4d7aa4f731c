"""Fixtures of all tests that speak to a server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings
from tests.api import Api
from tests.ground import Ground
from tests.world import FakeHosts

settings.register_profile("lakh", deadline=None)  # how long an example takes says something of the machine only
settings.load_profile("lakh")


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """A fresh small cloud; see tests/api.py."""
    running = await Api.start()
    yield running
    await running.stop()


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    """A fresh cloud with a zone, a pod and a cluster, which fake hosts can join; see tests/ground.py."""
    running = await Api.start(hosts=FakeHosts())
    yield await Ground.lay(running)
    await running.stop()
