"""Capacities as the API shows them: one figure of one kind in one place."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, ClassVar

import msgspec

from lakh.contract.view import Integer, View

Short = Annotated[int, msgspec.Meta(extra={"type": "short"})]


class CapacityView(View):
    """`type` is CloudStack's number, `percentused` a text such as `12.5`. Bytes, MHz, cores or addresses by type."""

    OBJECT: ClassVar[str] = "capacity"

    type: Short | None = None
    name: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    podid: str | None = None
    podname: str | None = None
    clusterid: str | None = None
    clustername: str | None = None
    capacityallocated: int | None = None
    capacityused: int | None = None
    capacitytotal: int | None = None
    percentused: str | None = None
    tag: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


def percent(part: float, whole: float) -> str:
    """A percentage of at most two digits behind the dot, none of them zeros at the end: `33.33`, `12.5`, `0`."""
    if whole <= 0:
        return "0"
    exact = Decimal(part * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return f"{exact.normalize():f}"
