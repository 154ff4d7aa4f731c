"""Every store test runs on every engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.store import stock as stock

from lakh.store.opening import open_store
from lakh.store.store import Store

ENGINES = ("inline", "sqlite")


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of one engine."""
    engine: str = request.param
    return "sqlite://" if engine == "inline" else f"sqlite:///{tmp_path / 'lakh.db'}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url)
    yield opened
    await opened.close()
