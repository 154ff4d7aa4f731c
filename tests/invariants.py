"""What must hold of a store, and between a store and the hypervisors, whenever nothing is under way.

Every check raises AssertionError with words for what is wrong. `check_store` needs nothing but a store, so it also runs
against what killed processes left behind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from lakh.jobs.row import JobRow
from lakh.placement.tenants import SHARED
from lakh.resources.account.row import AccountRow
from lakh.resources.domain.row import DomainRow
from lakh.resources.host.row import CAPACITIES as HOST_CAPACITIES
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.limit.row import ACCOUNT, DOMAIN, ResourceCountRow
from lakh.resources.nic.row import NicRow
from lakh.resources.physical_network.row import GuestVlanRow
from lakh.resources.storage_pool.row import CAPACITIES as POOL_CAPACITIES
from lakh.resources.template.row import TemplatePoolRow
from lakh.resources.vm.reservation import VmReservationRow
from lakh.resources.vm.row import USER, VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import select, statement
from lakh.store.store import Store
from lakh.store.table import TABLES, Table

VMS = select("test.all.vms", VmRow, "WHERE removed_ms IS NULL ORDER BY id")
VOLUMES = select("test.all.volumes", VolumeRow, "WHERE removed_ms IS NULL ORDER BY id")
RESERVATIONS = select("test.all.vm_reservations", VmReservationRow, "ORDER BY vm_id")
NICS = select("test.all.nics", NicRow, "WHERE removed_ms IS NULL ORDER BY id")
COPIES = select("test.all.template_copies", TemplatePoolRow, "ORDER BY template_id, pool_id")
ADDRESSES = select("test.all.ip_addresses", IpAddressRow, "WHERE removed_ms IS NULL ORDER BY id")
VLANS = select("test.all.guest_vlans", GuestVlanRow, "ORDER BY id")
UNFINISHED = select("test.all.unfinished", JobRow, "WHERE status = 0 ORDER BY id")
COUNTS = select("test.all.counts", ResourceCountRow, "ORDER BY owner_kind, owner_id")
ACCOUNTS = select("test.all.accounts", AccountRow, "WHERE removed_ms IS NULL ORDER BY id")
DOMAINS = select("test.all.domains", DomainRow, "WHERE removed_ms IS NULL ORDER BY id")

TRANSITIONAL = ("Starting", "Stopping", "Migrating")
NOT_COUNTED = ("Destroyed", "Expunging", "Error")
DOOMED = ("Destroy", "Expunging")
"""States of a volume that counts for nobody any more, though its file may still take space of its pool."""
COUNTED = ("user_vm", "cpu", "memory", "volume", "primary_storage")
"""What is counted for an owner and can be added up here from rows alone."""

HISTORY = frozenset(
    {
        ("vm", "last_host_id"),
        ("vm", "template_id"),
        ("vm", "iso_id"),
        ("vm", "service_offering_id"),
        ("vm", "user_id"),
        ("volume", "last_pool_id"),
        ("volume", "template_id"),
        ("volume", "disk_offering_id"),
        ("network", "offering_id"),
        ("template", "source_template_id"),
        ("template_pool", "template_id"),  # a copy of a deleted template stays until the scavenger comes
        ("alert", "zone_id"),
        ("alert", "pod_id"),
        ("alert", "cluster_id"),
    }
)
"""Columns that may name what is gone: they say where something came from. Events and jobs are history as a whole."""
CHRONICLES = frozenset({"event", "async_job", "alert", "usage_event", "vm_power"})


async def check_store(store: Store) -> None:
    """Everything that a store alone can prove."""
    vms, volumes, nics = await store.rows(VMS), await store.rows(VOLUMES), await store.rows(NICS)
    await check_settled(store, vms)
    check_volumes(vms, volumes)
    check_nics(vms, nics)
    await check_counts(store, vms, volumes)
    await check_host_capacity(store, vms)
    await check_pools(store, volumes)
    await check_addresses(store)
    await check_references(store)


async def check_settled(store: Store, vms: list[VmRow]) -> None:
    """No job is unfinished and no VM is on its way."""
    unfinished = await store.rows(UNFINISHED)
    assert not unfinished, f"jobs without an end: {[(j.command, j.step, j.undoing) for j in unfinished]}"
    moving = [(v.instance_name, v.state) for v in vms if v.state in TRANSITIONAL]
    assert not moving, f"VMs on their way without a job: {moving}"
    for vm in vms:
        assert (vm.host_id is not None) == (vm.state == "Running"), f"{vm.instance_name} is {vm.state} on {vm.host_id}"


def check_volumes(vms: list[VmRow], volumes: list[VolumeRow]) -> None:
    """Attached consistently, and on disk or not."""
    by_id = {vm.id: vm for vm in vms}
    devices: set[tuple[int, int | None]] = set()
    roots: Counter[int] = Counter()
    for volume in volumes:
        about = f"volume {volume.name} ({volume.state})"
        assert volume.state in ("Allocated", "Ready", *DOOMED), f"{about} is on its way without a job"
        on_disk = volume.pool_id is not None and volume.path is not None
        there = on_disk if volume.state in DOOMED else volume.state == "Ready"
        assert on_disk == there, f"{about}: pool {volume.pool_id}, path {volume.path}"
        assert volume.state not in DOOMED or volume.vm_id is None, f"{about} hangs on a VM"
        if volume.vm_id is None:
            assert volume.device_id is None, f"{about} has a device but no VM"
            continue
        assert volume.vm_id in by_id, f"{about} hangs on a VM that is gone"
        assert volume.device_id is not None, f"{about} is attached without a device"
        assert (volume.vm_id, volume.device_id) not in devices, f"{about}: its device is taken"
        devices.add((volume.vm_id, volume.device_id))
        roots[volume.vm_id] += volume.type == "ROOT"
    detached = {v.name for v in volumes if v.type == "ROOT" and v.vm_id is None and v.state not in DOOMED}
    for vm in vms:
        lacks = vm.state == "Error" or (vm.state == "Stopped" and f"ROOT-{vm.id}" in detached)
        assert roots[vm.id] == (0 if lacks else 1), f"{vm.instance_name} ({vm.state}) has {roots[vm.id]} root disks"


def check_nics(vms: list[VmRow], nics: list[NicRow]) -> None:
    """Every NIC hangs on a living VM; no address or MAC is there twice."""
    states = {vm.id: vm.state for vm in vms}
    for nic in nics:
        assert nic.vm_id in states, f"NIC {nic.ip} of a VM that is gone"
        assert states[nic.vm_id] != "Error", f"NIC {nic.ip} of a VM in error"
    assert _once((n.network_id, n.pod_id, n.ip) for n in nics if n.ip is not None), "an address twice in one network"
    assert _once((n.vm_id, n.mac) for n in nics), "a MAC address twice"
    defaults = Counter(nic.vm_id for nic in nics if nic.is_default)
    for vm_id in {nic.vm_id for nic in nics}:
        assert defaults[vm_id] == 1, f"VM {vm_id} has {defaults[vm_id]} default NICs"


async def check_counts(store: Store, vms: list[VmRow], volumes: list[VolumeRow]) -> None:
    """What every account and every domain subtree is said to own is the sum of what it owns."""
    sums: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    chains = {
        domain.id: [int(part) for part in domain.path.strip("/").split("/")] for domain in await store.rows(DOMAINS)
    }

    def add(account_id: int, domain_id: int, **amounts: int) -> None:
        for owner in [(ACCOUNT, account_id), *((DOMAIN, d) for d in chains.get(domain_id, ()))]:
            sums[owner].update(amounts)

    for vm in vms:
        if vm.type == USER and vm.state not in NOT_COUNTED:
            add(vm.account_id, vm.domain_id, user_vm=1, cpu=vm.cpus, memory=vm.memory_mb)
    users = {vm.id: vm.type == USER for vm in vms}
    for volume in volumes:
        if users.get(volume.vm_id or 0, True) and volume.state not in DOOMED:
            add(volume.account_id, volume.domain_id, volume=1, primary_storage=volume.size_bytes)
    live = {(ACCOUNT, a.id) for a in await store.rows(ACCOUNTS)} | {(DOMAIN, d) for d in chains}
    for row in await store.rows(COUNTS):
        owner = (row.owner_kind, row.owner_id)
        for name in COUNTED:
            said, is_there = getattr(row, name), sums[owner][name] if owner in live else 0
            assert said == is_there, (
                f"{'account' if owner[0] == ACCOUNT else 'domain'} {owner[1]}: {said} {name}, has {is_there}"
            )


async def check_host_capacity(store: Store, vms: list[VmRow]) -> None:
    """What hosts are said to carry is the sum of their VMs, and of what stopped ones keep there."""
    here: dict[int | None, list[VmRow]] = defaultdict(list)
    for vm in vms:
        here[vm.host_id].append(vm)
    kept: dict[int, list[VmReservationRow]] = defaultdict(list)
    by_id = {vm.id: vm for vm in vms}
    for reservation in await store.rows(RESERVATIONS):
        kept[reservation.host_id].append(reservation)
        vm = by_id[reservation.vm_id]
        assert vm.state in ("Stopped", "Starting"), f"{vm.name} is {vm.state} and keeps a place"
        assert vm.host_id != reservation.host_id, f"{vm.name} takes its place twice"
    for row in await store.rows(HOST_CAPACITIES, -1):
        own, stopped = here[row.host_id], kept[row.host_id]
        sums = (
            sum(v.cpus * v.speed_mhz for v in own) + sum(r.cpu_mhz for r in stopped),
            sum(v.cpus for v in own) + sum(r.cpus for r in stopped),
            sum(v.memory_mb << 20 for v in own) + sum(r.memory_bytes for r in stopped),
            len(own),
        )
        counted = (row.cpu_used_mhz, row.cores_used, row.memory_used_bytes, row.vms)
        assert counted == sums, f"host {row.host_id} counts {counted}, has {sums}"
        if row.tenant > SHARED:
            accounts = {v.account_id for v in own} | {by_id[r.vm_id].account_id for r in stopped}
            assert accounts == {row.tenant}, f"host {row.host_id} is {row.tenant}'s own, and carries {accounts}"


async def check_pools(store: Store, volumes: list[VolumeRow]) -> None:
    """Pool space is the sum of volumes and template copies."""
    taken: Counter[int | None] = Counter()
    for volume in volumes:
        taken[volume.pool_id] += volume.size_bytes
    for copy in await store.rows(COPIES):
        taken[copy.pool_id] += copy.size_bytes
    for pool in await store.rows(POOL_CAPACITIES):
        assert pool.allocated_bytes == taken[pool.pool_id], (
            f"pool {pool.pool_id}: {pool.allocated_bytes} bytes allocated, {taken[pool.pool_id]} there"
        )


async def check_addresses(store: Store) -> None:
    """Public addresses and guest VLANs belong to somebody who is there, and to one only."""
    addresses = await store.rows(ADDRESSES)
    assert _once((a.zone_id, a.address) for a in addresses), "a public address twice"
    assert _once((v.physical_network_id, v.vlan) for v in await store.rows(VLANS)), "a guest VLAN twice"


async def check_references(store: Store) -> None:
    """No living row names one that is gone. (A row that a test left blank names 0: nothing.)"""
    for table in TABLES.values():
        if table.name in CHRONICLES or not table.row.__module__.startswith("lakh."):
            continue
        for column in table.columns:
            target = TABLES.get(column.ref or "")
            if target is None or (table.name, column.name) in HISTORY:
                continue
            dangling = await store.read(_dangling(table, column.name, target))
            assert not dangling, (
                f"{table.name}.{column.name} of {dangling[:3]} names a row of {target.name} that is gone"
            )


def _dangling(table: Table, column: str, target: Table):  # type: ignore[no-untyped-def]
    key = table.primary_key[0]
    alive = "AND r.removed_ms IS NULL" if "removed_ms" in table.column_names else ""
    there = " AND t.removed_ms IS NULL" if "removed_ms" in target.column_names else ""
    return statement(
        f"test.dangling.{table.name}.{column}",
        f"SELECT r.{key}, r.{column} FROM {table.name} r WHERE r.{column} > 0 {alive}"
        f" AND NOT EXISTS (SELECT 1 FROM {target.name} t WHERE t.id = r.{column}{there})",
    )


def _once(keys: Iterable[object]) -> bool:
    found = list(keys)
    return len(found) == len(set(found))
