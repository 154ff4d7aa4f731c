"""The door to the data files: each is read on first use, decoded into typed structs, and kept.

Files are JSON lines (one record a line, defaults left out), JSON, or plain words, whichever is shortest to read and to
review in a diff. Decoding all of them together takes a few milliseconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")

DATA = Path(__file__).parent / "data"


def records(file: str, shape: type[T]) -> tuple[T, ...]:
    """Decodes a JSON lines file. Callers keep the result; a second call reads again."""
    return tuple(msgspec.json.Decoder(shape).decode_lines((DATA / file).read_bytes()))


def document(file: str, shape: type[T]) -> T:
    """Decodes a JSON file."""
    return msgspec.json.decode((DATA / file).read_bytes(), type=shape)


def words(file: str) -> tuple[str, ...]:
    """The lines of a plain file."""
    return tuple((DATA / file).read_text(encoding="utf-8").splitlines())
