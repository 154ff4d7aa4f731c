"""Hosts, their capacity, and their tags.

Last pings are not here: they live in memory (design rule 1). Capacity is a narrow row of its own, since every
deployment updates it; its guard is what decides a placement.
"""

from __future__ import annotations

from typing import Annotated

from lakh.placement.tenants import SHARED
from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, Search, table


@table(
    "host",
    Index("host_uuid", "uuid", unique=True),
    Index("host_guid", "guid", where="removed_ms IS NULL", unique=True),
    Index("host_name", "name", "id", where="removed_ms IS NULL"),
    Index("host_listed", "type", "id", where="removed_ms IS NULL"),
    Index("host_cluster", "cluster_id", "id", where="removed_ms IS NULL"),
    Index("host_pod", "pod_id", "id", where="removed_ms IS NULL"),
    Index("host_zone", "zone_id", "id", where="removed_ms IS NULL"),
    Index("host_private_ip", "private_ip", where="removed_ms IS NULL"),
    big=True,
    search=Search("name"),
)
class HostRow(Row):
    """`type` is Routing, SecondaryStorageVM or ConsoleProxy; the last two have no cluster. `guid` names an agent."""

    id: int
    uuid: str
    guid: str
    name: str
    type: str
    status: str
    resource_state: str
    zone_id: Annotated[int, Ref("zone")]
    pod_id: Annotated[int | None, Ref("pod")]
    cluster_id: Annotated[int | None, Ref("cluster")]
    hypervisor: str | None
    hypervisor_version: str | None
    arch: str | None
    version: str | None
    capabilities: str | None
    private_ip: str
    private_mac: str | None
    private_netmask: str | None
    storage_ip: str | None
    public_ip: str | None
    cpu_sockets: int
    cpus: int
    speed_mhz: int
    memory_bytes: int
    details_json: str
    management_server_id: int | None
    created_ms: int
    disconnected_ms: int | None
    removed_ms: int | None = None


@table("host_capacity", primary_key=("host_id",), big=True, shared=True, fill_percent=70)
class HostCapacityRow(Row):
    """Totals before overcommit, ratios beside them, and what VMs on the host (or starting there) take.

    `tenant_id` is whose the host is while they take anything (`placement/tenants.py`); what it says of an empty host
    means nothing, so that whoever leaves need not change it.
    """

    host_id: Annotated[int, Ref("host")]
    cpu_total_mhz: int
    cpu_used_mhz: int
    cores_total: int
    cores_used: int
    memory_total_bytes: int
    memory_used_bytes: int
    vms: int
    cpu_overcommit: float
    memory_overcommit: float
    tenant_id: int = SHARED

    @property
    def tenant(self) -> int:
        """Whose it is; nobody's while it is empty."""
        return self.tenant_id if self.vms or self.memory_used_bytes else SHARED


@table("host_tag", Index("host_tag_host", "host_id", "tag", unique=True), Index("host_tag_tag", "tag", "host_id"))
class HostTagRow(Row):
    """`implicit` tags come from the agent's Startup, others from updateHost."""

    id: int
    host_id: Annotated[int, Ref("host")]
    tag: str
    implicit: bool


INSERT = insert("host.insert", HostRow)
BY_ID = select("host.by_id", HostRow, "WHERE id = $1")
BY_IDS = select("host.by_ids", HostRow, "WHERE id = ANY($1)")
BY_UUID = select("host.by_uuid", HostRow, "WHERE uuid = $1")
BY_GUID = select("host.by_guid", HostRow, "WHERE guid = $1 AND removed_ms IS NULL")
BY_NAMES = select("host.by_names", HostRow, "WHERE name = ANY($1) AND removed_ms IS NULL")
LIVE = select("host.live", HostRow, "WHERE removed_ms IS NULL AND id > $1 ORDER BY id LIMIT 10000")
INSERT_CAPACITY = insert("host_capacity.insert", HostCapacityRow)
CAPACITIES = select("host_capacity.all", HostCapacityRow, "WHERE host_id > $1 ORDER BY host_id LIMIT 10000")
CAPACITIES_WITHIN = select(
    "host_capacity.within", HostCapacityRow, "WHERE host_id > $1 AND host_id <= $2 ORDER BY host_id"
)
CAPACITY = select("host_capacity.by_host", HostCapacityRow, "WHERE host_id = $1")
INSERT_TAG = insert("host_tag.insert", HostTagRow)
TAGS = select("host_tag.all", HostTagRow, "WHERE id > $1 ORDER BY id LIMIT 10000")

RESERVE = statement(
    "host_capacity.reserve",
    "UPDATE host_capacity SET cpu_used_mhz = cpu_used_mhz + $2, cores_used = cores_used + $3,"
    " memory_used_bytes = memory_used_bytes + $4, vms = vms + 1, tenant_id = $5"
    " WHERE host_id = $1 AND cpu_used_mhz + $2 <= cpu_total_mhz * cpu_overcommit"
    " AND memory_used_bytes + $4 <= memory_total_bytes * memory_overcommit"
    " AND (tenant_id = $5 OR (vms = 0 AND memory_used_bytes = 0))",
)
"""A VM comes to a host that has room, and that is its tenant's, $5, or empty."""
RESERVE_ANYWAY = statement(
    "host_capacity.reserve_anyway",
    "UPDATE host_capacity SET cpu_used_mhz = cpu_used_mhz + $2, cores_used = cores_used + $3,"
    " memory_used_bytes = memory_used_bytes + $4, vms = vms + 1, tenant_id ="
    " CASE WHEN tenant_id = $5 OR (vms = 0 AND memory_used_bytes = 0) THEN $5 WHEN tenant_id = 0 THEN 0 ELSE -1 END"
    " WHERE host_id = $1",
)
"""A VM is there, whatever the room and whosever the host was: MIXED, if somebody else's."""
RESIZE = statement(
    "host_capacity.resize",
    "UPDATE host_capacity SET cpu_used_mhz = cpu_used_mhz + $2, cores_used = cores_used + $3,"
    " memory_used_bytes = memory_used_bytes + $4"
    " WHERE host_id = $1 AND ($5 OR ((cpu_used_mhz + $2 <= cpu_total_mhz * cpu_overcommit OR $2 <= 0)"
    " AND (memory_used_bytes + $4 <= memory_total_bytes * memory_overcommit OR $4 <= 0)))",
)
"""A VM on the host changes its size; $5 lets it whatever the room."""
RELEASE = statement(
    "host_capacity.release",
    "UPDATE host_capacity SET cpu_used_mhz = cpu_used_mhz - $2, cores_used = cores_used - $3,"
    " memory_used_bytes = memory_used_bytes - $4, vms = vms - 1 WHERE host_id = $1",
)
IN_SERVICE = statement(
    "host.in_service",
    "UPDATE host SET resource_state = resource_state WHERE id = $1 AND resource_state = 'Enabled'"
    " AND removed_ms IS NULL",
)
"""Fails a transaction that brings something to a host that is out of service by now."""
CAPACITIES_OF = select("host_capacity.by_hosts", HostCapacityRow, "WHERE host_id = ANY($1)")
TAGS_OF = select("host_tag.by_hosts", HostTagRow, "WHERE host_id = ANY($1) ORDER BY id")
MOVE_RESOURCE = statement(
    "host.move_resource",
    "UPDATE host SET resource_state = $3 WHERE id = $1 AND resource_state = $2 AND removed_ms IS NULL",
)
DELETE_TAGS = statement("host_tag.delete_explicit", "DELETE FROM host_tag WHERE host_id = $1 AND NOT implicit")
