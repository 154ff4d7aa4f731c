"""Every store test runs on every engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.store import stock as stock
from tests.stores import ENGINES, fresh_store

from lakh.store.store import Store


@pytest.fixture(params=ENGINES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store, open."""
    async with fresh_store(request.param, tmp_path) as opened:
        yield opened
