"""One running cloud per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.cloud.installation import Installation


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    made = Installation(tmp_path / "cloud")
    try:
        await made.start()
        yield made
    finally:
        await made.stop()
