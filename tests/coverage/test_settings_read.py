"""What is said of settings is what the code does with them."""

from __future__ import annotations

from tests.coverage.settings_read import DOCUMENT, document, readers

from lakh.catalogue.settings import acted_on, settings

ADVICE = "run `make surface` and commit docs/settings.md and the catalogue's settings_read.txt"


def test_the_document_tells_which_settings_are_read_and_where() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), ADVICE


def test_what_operators_are_told_is_what_the_code_reads() -> None:
    assert set(acted_on()) == set(readers()), ADVICE


def test_names_are_found_however_they_are_put_together() -> None:
    found = readers()
    assert "resources/capacity/words.py" in found["cluster.memory.allocated.capacity.disablethreshold"]
    assert "healing/system_vms.py" in found["secstorage.capacityscan.interval"]
    assert found["max.project.user.vms"] == ["resources/limit/known.py"]
    assert "max.project.gpus" not in found
    assert "host" in found
    assert found.keys() <= settings().keys()
    assert "xapiwait" not in found
