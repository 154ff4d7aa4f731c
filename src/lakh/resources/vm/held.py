"""What lists of VMs of all kinds filter by, in memory."""

from __future__ import annotations

from lakh.resources.held import Holding
from lakh.resources.vm.row import VmRow
from lakh.store.matching import Test

VMS = Holding(
    VmRow,
    (
        "account_id", "domain_id", "user_id", "zone_id", "pod_id", "host_id", "template_id", "iso_id",
        "service_offering_id", "group_id", "user_data_id", "type", "state", "hypervisor", "arch", "ha_enabled",
        "display_vm", "key_pairs",
    ),
)  # fmt: skip
USERS_ONLY = (Test("type", ("User",)),)
SYSTEM_ONLY = (Test("type", ("User",), negated=True),)
ON_A_HOST = (Test("host_id", (None,), negated=True),)
