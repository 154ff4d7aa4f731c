"""VMs of all kinds in one table, told apart by `type`: users', routers, secondary storage and console proxies."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, Search, table

USER, DOMAIN_ROUTER, CONSOLE_PROXY, SECONDARY_STORAGE = "User", "DomainRouter", "ConsoleProxy", "SecondaryStorageVm"


@table(
    "vm",
    Index("vm_uuid", "uuid", unique=True),
    Index("vm_listed", "id", where="removed_ms IS NULL AND type = 'User'"),
    Index("vm_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("vm_domain", "domain_id", "id", where="removed_ms IS NULL"),
    Index("vm_zone", "zone_id", "id", where="removed_ms IS NULL"),
    Index("vm_iso", "iso_id", "id", where="removed_ms IS NULL AND iso_id IS NOT NULL"),
    Index("vm_host", "host_id", "id", where="removed_ms IS NULL AND host_id IS NOT NULL"),
    Index("vm_name", "name", "id", where="removed_ms IS NULL"),
    Index("vm_instance_name", "instance_name", where="removed_ms IS NULL", unique=True),
    Index("vm_destroyed", "updated_ms", where="removed_ms IS NULL AND type = 'User' AND state = 'Destroyed'"),
    Index("vm_expunging", "id", where="removed_ms IS NULL AND type = 'User' AND state = 'Expunging'"),
    Index("vm_system", "type", "id", where="removed_ms IS NULL AND type <> 'User'"),
    Index("vm_network", "network_id", "id", where="removed_ms IS NULL AND network_id IS NOT NULL"),
    Index("vm_template", "template_id", "id", where="removed_ms IS NULL"),
    Index("vm_group", "group_id", "id", where="removed_ms IS NULL AND group_id IS NOT NULL"),
    Index("vm_user_data", "user_data_id", "id", where="removed_ms IS NULL AND user_data_id IS NOT NULL"),
    Index("vm_offering", "service_offering_id", "id", where="removed_ms IS NULL"),
    big=True,
    search=Search("name", "display_name", "instance_name", only="type = 'User'"),
)
class VmRow(Row):
    """`cpus`, `speed_mhz` and `memory_mb` are what it runs with (the offering's, or custom). `host_id` is set while it
    takes capacity of a host. `network_id` is a router's guest network. `details_json` holds the API's details map.
    `password_pending`: the guest has not been told its password yet."""

    id: int
    uuid: str
    name: str
    display_name: str | None
    instance_name: str
    type: str
    state: str
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    user_id: Annotated[int, Ref("users")]
    zone_id: Annotated[int, Ref("zone")]
    pod_id: Annotated[int | None, Ref("pod")]
    host_id: Annotated[int | None, Ref("host")]
    last_host_id: Annotated[int | None, Ref("host")]
    template_id: Annotated[int, Ref("template")]
    iso_id: Annotated[int | None, Ref("template")]
    os_type_id: int
    service_offering_id: Annotated[int, Ref("service_offering")]
    network_id: Annotated[int | None, Ref("network")]
    hypervisor: str
    arch: str
    cpus: int
    speed_mhz: int
    memory_mb: int
    ha_enabled: bool
    limit_cpu_use: bool
    dynamic_scaling: bool
    display_vm: bool
    group_id: Annotated[int | None, Ref("instance_group")]
    user_data: str | None
    key_pairs: str | None
    public_keys: str | None
    password: str | None
    vnc_password: str
    details_json: str
    extra_json: str
    created_ms: int
    updated_ms: int
    removed_ms: int | None = None
    password_pending: bool = False
    delete_protection: bool = False
    user_data_id: Annotated[int | None, Ref("user_data")] = None


@table(
    "vm_power",
    Index("vm_power_missing", "since_ms", where="state = 'PowerReportMissing'"),
    primary_key=("vm_id",),
    big=True,
)
class VmPowerRow(Row):
    """What is odd about a VM on a host, since when: PowerReportMissing, its host left it out of a report; or LEFT, it
    was stopped by force without its host, which may run it still. Those that are as they should be have no row."""

    vm_id: Annotated[int, Ref("vm")]
    state: str
    host_id: int | None
    since_ms: int


LEFT = "Left"
INSERT = insert("vm.insert", VmRow)
BY_ID = select("vm.by_id", VmRow, "WHERE id = $1")
BY_UUID = select("vm.by_uuid", VmRow, "WHERE uuid = $1")
BY_IDS = select("vm.by_ids", VmRow, "WHERE id = ANY($1) ORDER BY id")
BY_INSTANCE_NAMES = select("vm.by_instance_names", VmRow, "WHERE instance_name = ANY($1) AND removed_ms IS NULL")
OF_TYPE = select("vm.of_type", VmRow, "WHERE type = $1 AND type <> 'User' AND removed_ms IS NULL ORDER BY id")
ON_HOSTS = select("vm.on_hosts", VmRow, "WHERE host_id = ANY($1) AND removed_ms IS NULL ORDER BY id")
ON_HOST = select("vm.on_host", VmRow, "WHERE host_id = $1 AND removed_ms IS NULL ORDER BY id")
MISSED = insert("vm_power.insert", VmPowerRow, conflict="ON CONFLICT (vm_id) DO NOTHING")
LEAVE = insert(
    "vm_power.leave",
    VmPowerRow,
    conflict="ON CONFLICT (vm_id) DO UPDATE SET state = excluded.state, host_id = excluded.host_id,"
    " since_ms = excluded.since_ms",
)
LEFT_BEHIND = select("vm_power.left", VmPowerRow, "WHERE vm_id = ANY($1) AND state = 'Left'")
MISSING = select(
    "vm_power.missing", VmPowerRow, "WHERE state = 'PowerReportMissing' AND since_ms <= $1 ORDER BY since_ms LIMIT 500"
)
ODD = statement("vm_power.odd", "SELECT vm_id FROM vm_power WHERE vm_id = ANY($1)")
SEEN = statement("vm_power.remove", "DELETE FROM vm_power WHERE vm_id = ANY($1)")

ROUTERS_OF_NETWORK = select(
    "vm.routers_of_network",
    VmRow,
    "WHERE network_id = $1 AND type = 'DomainRouter' AND removed_ms IS NULL ORDER BY id",
)

TO_STARTING = statement(
    "vm.to_starting",
    "UPDATE vm SET state = 'Starting', host_id = $2, pod_id = $3, updated_ms = $4"
    " WHERE id = $1 AND state IN ('Stopped', 'Starting') AND host_id IS NULL AND removed_ms IS NULL"
    " AND service_offering_id = $5 AND cpus = $6 AND speed_mhz = $7 AND memory_mb = $8"
    " AND EXISTS (SELECT 1 FROM host h WHERE h.id = $2 AND h.resource_state = 'Enabled')",
)
"""For the size that was reserved with it, and on a host in service: commands that answer at once may change a stopped
one's size meanwhile, and a host that is about to be worked on must not get what was placed on it before."""
FROM_STARTING = statement(
    "vm.from_starting",
    "UPDATE vm SET state = 'Stopped', host_id = NULL, updated_ms = $3"
    " WHERE id = $1 AND state = 'Starting' AND host_id = $2",
)
TO_RUNNING = statement(
    "vm.to_running",
    "UPDATE vm SET state = 'Running', last_host_id = host_id, password_pending = FALSE, updated_ms = $3"
    " WHERE id = $1 AND host_id = $2 AND state IN ('Starting', 'Running')",
)
TO_ERROR = statement(
    "vm.to_error",
    "UPDATE vm SET state = 'Error', host_id = NULL, updated_ms = $2 WHERE id = $1 AND state IN ('Stopped', 'Starting')"
    " AND cpus = $3 AND memory_mb = $4",
)
"""For the size that its owner is given back with it."""
TO_EXPUNGED = statement(
    "vm.to_expunged",
    "UPDATE vm SET state = 'Expunging', last_host_id = COALESCE(host_id, last_host_id), host_id = NULL,"
    " removed_ms = $2, updated_ms = $2 WHERE id = $1 AND removed_ms IS NULL",
)
SET_EXTRA = statement("vm.set_extra", "UPDATE vm SET extra_json = $2 WHERE id = $1 AND removed_ms IS NULL")
