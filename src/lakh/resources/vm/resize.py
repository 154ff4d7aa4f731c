"""A VM of another offering: its new size, what that costs, and the row's change.

Scaling and changing the service share it. The row, its owner's counts and, where the VM runs, its host's capacity
change in one guarded transaction.
"""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.cached import Accounts
from lakh.resources.command import Call
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import RESIZE
from lakh.resources.limit.charge import charge_owner, release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.vm.details import SIZES
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.sizing import Size, size_of
from lakh.resources.vm.usable import check_offering, live
from lakh.store.statement import TxnSpec, statement

RESIZE_VM = statement(
    "vm.resize",
    "UPDATE vm SET service_offering_id = $6, cpus = $7, speed_mhz = $8, memory_mb = $9, ha_enabled = $10,"
    " limit_cpu_use = $11, details_json = $12, updated_ms = $13"
    " WHERE id = $1 AND state = $2 AND cpus = $3 AND speed_mhz = $4 AND memory_mb = $5 AND removed_ms IS NULL",
)


async def resized(call: Call, vm: VmRow, offering_id: int, details: dict[str, str]) -> VmRow:
    """The VM as it would be. Raises ParameterError, PermissionDeniedError for an offering it cannot have."""
    cloud = call.cloud
    offering = await live(cloud, ServiceOfferingRow, offering_id, "serviceofferingid")
    owner = await cloud.part(Accounts).get(vm.account_id)
    assert owner is not None
    await check_offering(call, offering, owner, vm.zone_id)
    current = (await cloud.snapshots.of(ServiceOfferingRow)).by_id[vm.service_offering_id]
    if offering.is_system:
        raise ParameterError(f"Service offering {offering.name} is for system VMs")
    if offering.storage_type != current.storage_type:
        raise ParameterError(
            f"Service offering {offering.name} keeps disks on {offering.storage_type} storage, the Instance's on"
            f" {current.storage_type} storage; give one with the same storage"
        )
    if offering.id == current.id and None not in (offering.cpus, offering.speed_mhz, offering.memory_mb):
        raise ParameterError(f"The Instance {vm.uuid} has service offering {offering.name} already")
    size = size_of(offering, details, Size(vm.cpus, vm.speed_mhz, vm.memory_mb) if offering.is_customized else None)
    known: dict[str, str] = msgspec.json.decode(vm.details_json, type=dict[str, str])
    kept = {name: value for name, value in known.items() if name not in SIZES}
    return msgspec.structs.replace(
        vm,
        service_offering_id=offering.id,
        cpus=size.cpus,
        speed_mhz=size.speed_mhz,
        memory_mb=size.memory_mb,
        ha_enabled=offering.ha_enabled,
        limit_cpu_use=offering.limit_cpu_use,
        details_json=msgspec.json.encode({**kept, **details}).decode(),
    )


def growth(before: VmRow, after: VmRow) -> Usage:
    """What the owner's counts change by."""
    return Usage(cpu=after.cpus - before.cpus, memory=after.memory_mb - before.memory_mb)


async def resize(cloud: Cloud, txn: TxnSpec, before: VmRow, after: VmRow, *, guarded: bool = True) -> None:
    """Adds the change to `txn`. Not `guarded`: it undoes one, which must not fail on a limit reached meanwhile."""
    usage = growth(before, after)
    if guarded:
        await charge_owner(cloud, txn, before.account_id, before.domain_id, usage)
    else:
        await release_owner(cloud, txn, before.account_id, before.domain_id, growth(after, before))
    if before.host_id is not None:
        mhz = after.cpus * after.speed_mhz - before.cpus * before.speed_mhz
        memory_bytes = (after.memory_mb - before.memory_mb) << 20
        txn.add(RESIZE, before.host_id, mhz, after.cpus - before.cpus, memory_bytes, not guarded)
    txn.add(
        RESIZE_VM, before.id, before.state, before.cpus, before.speed_mhz, before.memory_mb, after.service_offering_id,
        after.cpus, after.speed_mhz, after.memory_mb, after.ha_enabled, after.limit_cpu_use, after.details_json,
        cloud.now_ms(),
    )  # fmt: skip


def resize_columns(cloud: Cloud, before: VmRow, after: VmRow) -> None:
    """Follows the change in memory, after its commit."""
    columns = cloud.part(HostIndex).columns
    if before.host_id is not None and before.host_id in columns:
        more_mhz = after.cpus * after.speed_mhz - before.cpus * before.speed_mhz
        columns.reserve(before.host_id, more_mhz, (after.memory_mb - before.memory_mb) << 20, guests=0)
