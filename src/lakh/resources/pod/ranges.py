"""Pods of one zone share no address for system VMs."""

from __future__ import annotations

from ipaddress import IPv4Address

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.pod.row import PodRow


async def check_apart(cloud: Cloud, row: PodRow) -> None:
    """Raises ParameterError when the row's range overlaps that of another pod of its zone."""
    if not row.start_ip:
        return
    for other in await cloud.snapshots.of(PodRow):
        if other.id == row.id or other.zone_id != row.zone_id or not other.start_ip:
            continue
        if IPv4Address(row.start_ip) <= IPv4Address(other.end_ip) and IPv4Address(other.start_ip) <= IPv4Address(
            row.end_ip
        ):
            raise ParameterError(
                f"The range {row.start_ip}-{row.end_ip} overlaps {other.start_ip}-{other.end_ip} of pod {other.name};"
                " give startip and endip of their own"
            )
