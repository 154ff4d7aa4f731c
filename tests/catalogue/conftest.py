"""Facts to compare with: the reference files beside the repository."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"


def _load(name: str) -> Any:
    path = REFERENCE / name
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"the reference file {name} is missing")
        pytest.skip(f"comparison with {name}: the reference is not here")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def catalogue_reference() -> dict[str, Any]:
    loaded: dict[str, Any] = _load("catalogue.json")
    return loaded


@pytest.fixture(scope="session")
def states_reference() -> dict[str, Any]:
    loaded: dict[str, Any] = _load("states.json")
    return loaded


@pytest.fixture(scope="session")
def enums_reference() -> dict[str, Any]:
    loaded: dict[str, Any] = _load("api-enums.json")
    return loaded


@pytest.fixture(scope="session")
def api_reference() -> dict[str, Any]:
    loaded: dict[str, Any] = _load("api.json")
    return loaded
