"""Whether an Instance that stopped by itself, or with its host, is started again: settings of its zone and cluster have
a say beside the Instance."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.vm.row import USER, VmRow


def is_restarted(cloud: Cloud, vm: VmRow, host_id: int) -> bool:
    """`host_id` is where it ran. `vm.ha.enabled` can forbid it in a zone; `force.ha` has it in a cluster for Instances
    that are not highly available, too. System VMs have reconcilers of their own."""
    if vm.type != USER:
        return False
    settings = cloud.part(Settings)
    if not settings.flag("vm.ha.enabled", ("Zone", vm.zone_id)):
        return False
    fact = cloud.part(HostIndex).facts.get(host_id)
    cluster = [("Cluster", fact.cluster_id)] if fact is not None and fact.cluster_id is not None else []
    return vm.ha_enabled or settings.flag("force.ha", *cluster)
