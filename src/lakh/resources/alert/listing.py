"""Which alerts a request means: filters that listing, archiving and deleting share."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.resources.alert.row import AlertRow
from lakh.resources.listing import Listing

ALERTS = Listing(
    AlertRow,
    {
        "id": "id = $",
        "ids": "id = ANY($)",
        "type": "type = $",
        "name": "name = $",
        "startdate": "sent_ms >= $",
        "enddate": "sent_ms <= $",
    },
    keyword=("subject", "name"),
    order="id DESC",
    always="NOT archived",
)
AT_ONCE = 500
"""Alerts archived or deleted in one transaction."""


def type_number(text: str | None) -> int | None:
    """The type as a number. Raises ParameterError."""
    if not text:
        return None
    if not text.lstrip("-").isdecimal() or len(text) > 5:
        raise ParameterError(f"Invalid parameter type {text}: give the number of an alert type")
    return int(text)


def chosen(ids: list[int], kind: str | None, start_ms: int | None, end_ms: int | None) -> dict[str, object]:
    """The filters of a request to archive or delete. Raises ParameterError when it would mean everything."""
    if not ids and not kind and end_ms is None:
        raise ParameterError("either ids, type or enddate must be specified")
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise ParameterError("The startdate must not lie behind the enddate")
    return {"ids": ids or None, "type": type_number(kind), "startdate": start_ms, "enddate": end_ms}
