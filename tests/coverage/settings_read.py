"""Which settings the product reads: those whose name stands in its code. The others are kept and shown, no more."""

from __future__ import annotations

import re
from pathlib import Path

from lakh.catalogue.settings import settings
from lakh.resources.limit.known import _SETTINGS

SOURCE = Path(__file__).parents[2] / "src" / "lakh"
_QUOTED = re.compile(r'"([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)"|\b(?:text|flag|integer|number)\("(\w+)"')
"""A name with a dot is nothing else; one without must be asked for as a setting."""
_LIMIT = re.compile(r"max\.(?:account|domain|project)\.(.+)")


def read_settings() -> list[str]:
    """Their names, sorted."""
    texts = (file.read_text(encoding="utf-8") for file in SOURCE.rglob("*.py"))
    words = {dotted or plain for text in texts for dotted, plain in _QUOTED.findall(text)} | set(_SETTINGS)
    found = []
    for name in settings():
        limit = _LIMIT.fullmatch(name)
        if name in words or (limit is not None and limit[1] in words):
            found.append(name)
    return sorted(found)
