"""The server starts once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.clients.live import Live, running


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(tmp_path_factory.mktemp("clients")) as made:
        yield made
