"""What a process that measures something tells whoever runs it: a finding is a line of JSON on its standard output."""

from __future__ import annotations

import sys
from typing import Any

import msgspec


def say(**finding: Any) -> None:
    """`figure` with value and unit; `chart` with title, unit, across and series; or a `note`."""
    sys.stdout.write(msgspec.json.encode(finding).decode() + "\n")
    sys.stdout.flush()
