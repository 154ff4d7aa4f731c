"""Figures as the metrics lists say them: `2.50 Ghz`, `16.00 GB`, `12.50%`, `3 / 5`; the spelling is CloudStack's."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings


def gigahertz(mhz: float, digits: int = 2) -> str:
    """`2.50 Ghz`"""
    return f"{mhz / 1000:.{digits}f} Ghz"


def gigabytes(size_bytes: float, unit: str = "GB") -> str:
    """`16.00 GB`, which are 2**30 bytes each. Instances and volumes call them `GiB`."""
    return f"{size_bytes / (1 << 30):.2f} {unit}"


def share(part: float, whole: float) -> str | None:
    """`12.50%`; None of nothing."""
    return f"{part * 100 / whole:.2f}%" if whole else None


def some_of(part: int, whole: int) -> str:
    """`3 / 5`"""
    return f"{part} / {whole}"


def thresholds(cloud: Cloud, cpu_share: float, memory_share: float, *scopes: tuple[str, int]) -> dict[str, bool]:
    """The fields that say whether more is allocated than the settings have notified, and disabled, at."""
    shares = {"cpu": cpu_share, "memory": memory_share}
    return {
        f"{kind}allocated{field}threshold": share
        > cloud.part(Settings).number(f"cluster.{kind}.allocated.capacity.{setting}threshold", *scopes)
        for kind, share in shares.items()
        for field, setting in (("", "notification"), ("disable", "disable"))
    }
