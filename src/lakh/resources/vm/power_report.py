"""A host's power report, compared with what the store says; only differences are written.

Here: a VM reported on by a host that does not hold it is stopped there; the rest is the power sync reconciler's.
"""

from __future__ import annotations

from lakh.jobs.cloud import Cloud


async def take_report(cloud: Cloud, host_id: int, states: dict[str, str], *, out_of_band: bool) -> None:
    """Takes one changed report: VM instance name to PowerState."""
