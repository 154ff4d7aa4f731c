"""The date forms that clients send (api-conventions, sections 2 and 8). All times are milliseconds since the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ](\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:'?Z'?(?=[+-]|$))?([+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)


def parse_date(text: str, *, end_of_day: bool = False) -> int:
    """Reads an ISO date with offset, `yyyy-MM-dd HH:mm:ss` or `yyyy-MM-dd`; without an offset UTC is meant.

    A bare day is its first second, with `end_of_day` its last. Raises ValueError.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a date")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    whole_day = (23, 59, 59) if end_of_day else (0, 0, 0)
    clock = whole_day if hour is None else (int(hour), int(minute), int(second))
    micros = int((fraction or "0").ljust(6, "0")[:6])
    moment = datetime(int(year), int(month), int(day), *clock, micros, tzinfo=_zone(offset))
    return int(moment.timestamp() * 1000)


def has_zone(text: str) -> bool:
    """True when the text names its offset (`Z`, `+0000`, `+00:00`), as `expires` must."""
    return text.endswith("Z") or ((len(text) > 5 and ("+" in text[-6:] or "-" in text[-6:-2])) and "T" in text)


def _zone(offset: str | None) -> timezone:
    if not offset:
        return UTC
    digits = offset[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if offset[0] == "-" else span)
