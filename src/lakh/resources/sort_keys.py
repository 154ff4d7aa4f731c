"""Which way lists go by the sort keys that operators give zones, offerings, templates and ISOs."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings


def sort_sign(cloud: Cloud) -> int:
    """What to multiply a sort key by: 1 where the lowest comes first, as `sortkey.algorithm` has it, else -1."""
    return 1 if cloud.part(Settings).flag("sortkey.algorithm") else -1
