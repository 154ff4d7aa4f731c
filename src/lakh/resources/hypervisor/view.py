"""Hypervisors as the API shows them."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.view import View
from lakh.resources.hypervisor.row import HypervisorCapabilityRow


class HypervisorView(View):
    OBJECT: ClassVar[str] = "hypervisor"

    name: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class HypervisorCapabilitiesView(View):
    OBJECT: ClassVar[str] = "hypervisorCapabilities"

    id: str | None = None
    hypervisor: str | None = None
    hypervisorversion: str | None = None
    maxguestslimit: int | None = None
    maxdatavolumeslimit: int | None = None
    maxhostspercluster: int | None = None
    securitygroupenabled: bool | None = None
    storagemotionenabled: bool | None = None
    vmsnapshotenabled: bool | None = None
    jobid: str | None = None
    jobstatus: int | None = None


def capabilities_view(row: HypervisorCapabilityRow) -> HypervisorCapabilitiesView:
    return HypervisorCapabilitiesView(
        id=row.uuid,
        hypervisor=row.hypervisor,
        hypervisorversion=row.hypervisor_version,
        maxguestslimit=row.max_guests,
        maxdatavolumeslimit=row.max_data_volumes,
        maxhostspercluster=row.max_hosts_per_cluster,
        securitygroupenabled=row.security_group_enabled,
        storagemotionenabled=row.storage_motion_enabled,
        vmsnapshotenabled=row.vm_snapshot_enabled,
    )
