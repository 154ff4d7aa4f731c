"""VLAN IP ranges: public addresses of a zone, or the addresses of a shared guest network."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Ref, Row, table

UNTAGGED = "vlan://untagged"


@table("vlan_range", Index("vlan_range_uuid", "uuid", unique=True))
class VlanRangeRow(Row):
    """`traffic_type` is Public or Guest; `vlan` is `vlan://untagged` or `vlan://123`."""

    id: int
    uuid: str
    zone_id: Annotated[int, Ref("zone")]
    pod_id: Annotated[int | None, Ref("pod")]
    physical_network_id: Annotated[int, Ref("physical_network")]
    network_id: Annotated[int | None, Ref("network")]
    traffic_type: str
    vlan: str
    gateway: str
    netmask: str
    start_ip: str
    end_ip: str
    account_id: Annotated[int | None, Ref("account")]
    domain_id: Annotated[int | None, Ref("domain")]
    for_system_vms: bool
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("vlan_range.insert", VlanRangeRow)
REMOVE = statement(
    "vlan_range.remove",
    "UPDATE vlan_range SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM ip_address WHERE range_id = $1 AND removed_ms IS NULL)",
)
REMOVE_OF_NETWORK = statement(
    "vlan_range.remove_of_network",
    "UPDATE vlan_range SET removed_ms = $2 WHERE network_id = $1 AND removed_ms IS NULL AND traffic_type = 'Guest'",
)
