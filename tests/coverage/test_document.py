"""docs/coverage.md names what there is; its numbers are the last recorded run's."""

from __future__ import annotations

import os
import re

import pytest
from tests.coverage import document, reference
from tests.coverage.__main__ import DOCUMENT
from tests.coverage.observations import Observations

from lakh.contract import surface


@pytest.fixture(autouse=True)
def _reference() -> None:
    try:
        reference.load("api.json")
    except reference.NoReferenceError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def test_the_document_names_every_declared_command() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| (\w+)(?: \(not called\))? \| \d", text, re.MULTILINE))
    missing = surface.load()["commands"].keys() - rows
    assert not missing, "run `make surface` (or `make coverage`, which proves anew) and commit docs/coverage.md"


def test_a_document_read_and_written_again_keeps_its_proofs() -> None:
    seen = Observations(
        parameters={"listZones": {"name"}, "createZone": {"dns1", "name"}},
        fields={"listZones": {"id", "name"}},
        nested_fields={"CapacityResponse": {"type"}},
        calls={"listZones": 7, "createZone": 1},
    )
    text = document.write(seen)
    assert "| listZones | 1 / " in text
    assert document.write(document.read(text)) == text


def test_the_tiers_hold_every_command_of_the_reference_once() -> None:
    named = [name for commands in reference.tiers().values() for name in commands]
    assert sorted(named) == sorted(reference.load("api.json"))
    assert {tier: len(commands) for tier, commands in reference.tiers().items()} == {
        "0": 56,
        "1": 228,
        "2a": 261,
        "2b": 283,
        "3": 145,
    }


def test_an_unrecorded_run_proves_nothing() -> None:
    text = document.write(Observations())
    proven = re.findall(r"(\d+) / \d+ / \d+", text)
    assert len(proven) > 200
    assert set(proven) == {"0"}


def test_the_catalogue_is_whole() -> None:
    short = {what: (mine, theirs) for what, mine, theirs in document.catalogue_counts() if mine != theirs}
    assert not short
