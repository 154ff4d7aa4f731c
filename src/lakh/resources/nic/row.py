"""NICs. Unique indexes decide who gets an address, memory only proposes one: an address is given once in its network, a
link-local one once in its pod, which the network of control traffic spans many of."""

from __future__ import annotations

from typing import Annotated

from lakh.base.limits import POOL_PAGE
from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, Search, table


@table(
    "nic",
    Index("nic_uuid", "uuid", unique=True),
    Index("nic_vm", "vm_id", "device_id", where="removed_ms IS NULL"),
    Index(
        "nic_address",
        "network_id",
        "ip",
        where="removed_ms IS NULL AND ip IS NOT NULL AND pod_id IS NULL",
        unique=True,
    ),
    Index(
        "nic_pod_address",
        "pod_id",
        "network_id",
        "ip",
        where="removed_ms IS NULL AND ip IS NOT NULL AND pod_id IS NOT NULL",
        unique=True,
    ),
    Index(
        "nic_management",
        "traffic_type",
        "vm_id",
        where="traffic_type = 'Management' AND removed_ms IS NULL AND ip IS NOT NULL",
    ),
    Index("nic_network", "network_id", "id", "vm_id", where="removed_ms IS NULL"),
    big=True,
    search=Search("ip"),
)
class NicRow(Row):
    """`mac` is made from the row's id, so it is unique in the installation; that of a link-local address carries it.
    `pod_id` is the pod within which a link-local address is unique, and None for every other address."""

    id: int
    uuid: str
    vm_id: Annotated[int, Ref("vm")]
    network_id: Annotated[int, Ref("network")]
    device_id: int
    ip: str | None
    netmask: str | None
    gateway: str | None
    mac: str
    is_default: bool
    broadcast_uri: str | None
    traffic_type: str
    security_group_enabled: bool
    secondary_ips: str
    state: str
    created_ms: int
    removed_ms: int | None = None
    pod_id: Annotated[int | None, Ref("pod")] = None


INSERT = insert("nic.insert", NicRow)
OF_VM = select("nic.of_vm", NicRow, "WHERE vm_id = $1 AND removed_ms IS NULL ORDER BY device_id")
OF_VMS = select("nic.of_vms", NicRow, "WHERE vm_id = ANY($1) AND removed_ms IS NULL ORDER BY vm_id, device_id")
ADDRESSES_AFTER = statement(
    "nic.addresses_after",
    "SELECT ip FROM nic WHERE network_id = $1 AND ip > $2 AND removed_ms IS NULL AND ip IS NOT NULL"
    f" AND pod_id IS NULL ORDER BY ip LIMIT {POOL_PAGE}",
)
POD_ADDRESSES_AFTER = statement(
    "nic.pod_addresses_after",
    "SELECT ip FROM nic WHERE pod_id = $1 AND network_id = $2 AND ip > $3 AND removed_ms IS NULL AND ip IS NOT NULL"
    f" AND pod_id IS NOT NULL ORDER BY ip LIMIT {POOL_PAGE}",
)
SET_ADDRESS = statement(
    "nic.set_address",
    "UPDATE nic SET ip = $2, netmask = $3, gateway = $4, mac = $5, broadcast_uri = $6, pod_id = $7,"
    " state = 'Reserved' WHERE id = $1 AND removed_ms IS NULL",
)
ADDRESS_TAKEN = statement(
    "nic.address_taken",
    "SELECT id FROM nic WHERE network_id = $1 AND ip = $2 AND removed_ms IS NULL AND pod_id IS NULL",
)
POD_ADDRESS_TAKEN = statement(
    "nic.pod_address_taken",
    "SELECT id FROM nic WHERE pod_id = $1 AND network_id = $2 AND ip = $3 AND removed_ms IS NULL"
    " AND pod_id IS NOT NULL",
)
REMOVE_OF_VM = statement("nic.remove_of_vm", "UPDATE nic SET removed_ms = $2 WHERE vm_id = $1 AND removed_ms IS NULL")


def mac_address(nic_id: int) -> str:
    """A locally administered unicast address (first octet 0x1e) that carries the NIC's row id in its low 40 bits."""
    h = f"{nic_id & 0xFFFFFFFFFF:010x}"
    return f"1e:{h[0:2]}:{h[2:4]}:{h[4:6]}:{h[6:8]}:{h[8:10]}"
