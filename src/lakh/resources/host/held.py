"""What lists of hosts filter by, and what is allocated of hosts, in memory."""

from __future__ import annotations

from lakh.resources.held import Holding
from lakh.resources.host.row import HostCapacityRow, HostRow

HOSTS = Holding(
    HostRow,
    (
        "type", "status", "resource_state", "zone_id", "pod_id", "cluster_id", "hypervisor", "arch", "version",
        "management_server_id",
    ),
)  # fmt: skip
CAPACITIES = Holding(
    HostCapacityRow,
    ("cpu_total_mhz", "cpu_used_mhz", "cores_total", "cores_used", "memory_total_bytes", "memory_used_bytes"),
    always="",
    key="host_id",
)
