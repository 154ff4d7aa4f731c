"""What zones, pods, clusters and settings allow, brought to where placement looks: also what another server changed."""

from __future__ import annotations

from typing import ClassVar

from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.overcommit import follow_overcommit
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex


class Places(Reconciler):
    """Follows settings with a cluster's scope: overcommit, and the thresholds at which a cluster takes no more."""

    name: ClassVar[str] = "places"
    everywhere: ClassVar[bool] = True
    tables: ClassVar[frozenset[str]] = frozenset(
        {"configuration", "zone", "pod", "cluster", "hypervisor_capability", "dedicated_resource"}
    )

    def interval_seconds(self, cloud: Cloud) -> float:
        return 60.0

    async def run(self, cloud: Cloud) -> None:
        await cloud.part(Settings).refresh()
        await follow_overcommit(cloud)
        await cloud.part(HostIndex).refresh_places()
