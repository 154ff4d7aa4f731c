"""Public addresses in use. Free ones have no row: a range of a million addresses costs nothing until it is used."""

from __future__ import annotations

from typing import Annotated

from lakh.base.limits import POOL_PAGE
from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "ip_address",
    Index("ip_address_uuid", "uuid", unique=True),
    Index("ip_address_taken", "zone_id", "address", where="removed_ms IS NULL", unique=True),
    Index("ip_address_address", "address", "zone_id", where="removed_ms IS NULL"),
    Index("ip_address_network", "network_id", "id", where="removed_ms IS NULL"),
    Index("ip_address_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("ip_address_range", "range_id", "id", where="removed_ms IS NULL"),
    Index("ip_address_vm", "vm_id", "id", where="removed_ms IS NULL AND vm_id IS NOT NULL"),
    big=True,
)
class IpAddressRow(Row):
    """A taken address; the unique index decides who gets it. `state` as IpAddress.State (Allocated, Releasing, …)."""

    id: int
    uuid: str
    address: str
    zone_id: Annotated[int, Ref("zone")]
    range_id: Annotated[int, Ref("vlan_range")]
    physical_network_id: Annotated[int, Ref("physical_network")]
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    network_id: Annotated[int | None, Ref("network")]
    vm_id: Annotated[int | None, Ref("vm")]
    is_source_nat: bool
    is_static_nat: bool
    is_system: bool
    state: str
    allocated_ms: int
    removed_ms: int | None = None


INSERT = insert("ip_address.insert", IpAddressRow)
BY_ID = select("ip_address.by_id", IpAddressRow, "WHERE id = $1")
TAKEN_IN_RANGE = statement(
    "ip_address.in_range",
    "SELECT id, address FROM ip_address WHERE range_id = $1 AND id > $2 AND removed_ms IS NULL"
    f" ORDER BY range_id, id LIMIT {POOL_PAGE}",
)
FIRST_IN_RANGE = statement(
    "ip_address.first_in_range",
    "SELECT address FROM ip_address WHERE range_id = $1 AND removed_ms IS NULL ORDER BY range_id, id LIMIT 1",
)
TAKEN = statement(
    "ip_address.taken", "SELECT id FROM ip_address WHERE zone_id = $1 AND address = $2 AND removed_ms IS NULL"
)
OF_VM = select("ip_address.of_vm", IpAddressRow, "WHERE vm_id = $1 AND removed_ms IS NULL ORDER BY id")
FREE_OF_VM = statement(
    "ip_address.free_of_vm",
    "UPDATE ip_address SET state = 'Free', removed_ms = $2 WHERE vm_id = $1 AND is_system AND removed_ms IS NULL",
)
OF_NETWORK = select(
    "ip_address.of_network",
    IpAddressRow,
    "WHERE network_id = $1 AND removed_ms IS NULL AND NOT is_system ORDER BY id",
)
RELEASE = statement(
    "ip_address.release",
    "UPDATE ip_address SET state = 'Free', removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL",
)
BY_ADDRESS = select(
    "ip_address.by_address", IpAddressRow, "WHERE address = $1 AND removed_ms IS NULL ORDER BY zone_id LIMIT 1"
)
ALLOCATED = statement(
    "ip_address.allocated",
    "UPDATE ip_address SET state = 'Allocated' WHERE id = $1 AND state = 'Allocating' AND removed_ms IS NULL",
)
RELEASING = statement(
    "ip_address.releasing",
    "UPDATE ip_address SET state = 'Releasing' WHERE id = $1 AND state IN ('Allocated', 'Releasing')"
    " AND removed_ms IS NULL",
)
