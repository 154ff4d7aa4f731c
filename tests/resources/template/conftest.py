"""A cloud with hosts, and a secondary storage VM's agent that connects when the story says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.api import Api
from tests.resources.template.storage_vm import Depot
from tests.world import FakeHosts, World


@pytest.fixture
async def depot() -> AsyncIterator[Depot]:
    api = await Api.start(hosts=FakeHosts())
    world = await World.build(api.cloud)
    yield Depot(api, world)
    await world.check()
    await api.stop()
