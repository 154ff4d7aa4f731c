"""What a stopped Instance still takes of the host it ran on last, so that it finds its place when it starts again.

For `capacity.skipcounting.hours` after it stopped (seconds, whatever the name says; 0 and less: not at all), its CPU
and memory stay used there, in the store and in memory; a guest of that host it is no more. Only a stop keeps them: a
host that died has no place to come back to. Starting there takes them over in the commit that reserves, and a start
that fails gives them back to it. They end in the commit that makes it Running elsewhere, destroys it, or deletes the
host, and by a reconciler when their time is up.
"""

from __future__ import annotations

from typing import Annotated

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.vm.row import USER, VmRow
from lakh.store.statement import TxnSpec, insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "vm_reservation",
    Index("vm_reservation_host", "host_id", "vm_id"),
    Index("vm_reservation_since", "since_ms", "vm_id"),
    primary_key=("vm_id",),
    big=True,
)
class VmReservationRow(Row):
    """Counted in the host's capacity. The size is that of the VM when it stopped."""

    vm_id: Annotated[int, Ref("vm")]
    host_id: Annotated[int, Ref("host")]
    cpus: int
    cpu_mhz: int
    memory_bytes: int
    since_ms: int


OF_VM = select("vm_reservation.of_vm", VmReservationRow, "WHERE vm_id = $1")
BEFORE = select("vm_reservation.before", VmReservationRow, "WHERE since_ms <= $1 ORDER BY since_ms, vm_id LIMIT 500")
KEEP = insert("vm_reservation.insert", VmReservationRow)
END = statement("vm_reservation.end", "DELETE FROM vm_reservation WHERE vm_id = $1 AND since_ms = $2")
END_OF_HOST = statement("vm_reservation.end_of_host", "DELETE FROM vm_reservation WHERE host_id = $1")
LEAVE_GUEST = statement("host_capacity.leave_guest", "UPDATE host_capacity SET vms = vms - 1 WHERE host_id = $1")
GIVE_BACK = statement(
    "host_capacity.give_back",
    "UPDATE host_capacity SET cpu_used_mhz = cpu_used_mhz - $2, cores_used = cores_used - $3,"
    " memory_used_bytes = memory_used_bytes - $4 WHERE host_id = $1",
)


def kept_seconds(cloud: Cloud) -> int:
    """How long a stopped Instance keeps its place."""
    return max(0, cloud.part(Settings).integer("capacity.skipcounting.hours"))


def is_kept(cloud: Cloud, vm: VmRow) -> bool:
    """Whether the VM keeps its place when it stops: Instances do, what the cloud starts for itself does not."""
    return vm.type == USER and kept_seconds(cloud) > 0


async def reservation_of(cloud: Cloud, vm: VmRow) -> VmReservationRow | None:
    """What the VM has reserved while it is stopped. Costs no read for one that never ran."""
    if vm.last_host_id is None or vm.type != USER:
        return None
    rows = await cloud.store.rows(OF_VM, vm.id)
    return rows[0] if rows else None


def keep(txn: TxnSpec, vm: VmRow, host_id: int, since_ms: int) -> None:
    """Adds, in place of RELEASE, that the VM is no guest of the host any more, but keeps its place there."""
    txn.add(LEAVE_GUEST, host_id)
    size = (vm.cpus, vm.cpus * vm.speed_mhz, vm.memory_mb << 20)
    txn.put(KEEP, VmReservationRow(vm.id, host_id, *size, since_ms))


def end(txn: TxnSpec, row: VmReservationRow) -> None:
    """Adds the reservation's end; fails the transaction where it has ended, or is another one, by now."""
    txn.add(END, row.vm_id, row.since_ms)
    txn.add(GIVE_BACK, row.host_id, row.cpu_mhz, row.cpus, row.memory_bytes)


def forget(cloud: Cloud, row: VmReservationRow) -> None:
    """Follows `end` in memory."""
    columns = cloud.part(HostIndex).columns
    if row.host_id in columns:
        columns.release(row.host_id, row.cpu_mhz, row.memory_bytes, guests=0)
