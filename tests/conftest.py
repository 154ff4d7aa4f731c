"""Fixtures of all tests that speak to a server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.api import Api


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """A fresh small cloud; see tests/api.py."""
    running = await Api.start()
    yield running
    await running.stop()
