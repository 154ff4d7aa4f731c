"""A cloud with an authority, and fake hosts to give certificates to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.ground import Ground

from lakh.resources.management_server.authority import Authority
from lakh.wire.certificates import new_authority, new_p256_key


@pytest.fixture
async def certified(ground: Ground) -> Ground:
    """Keys of P-256: those of RSA take their time."""
    now = datetime.fromtimestamp(ground.api.clock.now_ms() / 1000, UTC)
    ground.api.cloud.part(Authority).use(new_authority(new_p256_key(), now=now), new_p256_key)
    return ground
