"""VMs that were stopped by force without their host: on paper they are Stopped, and their host may run them still.

A row of `vm_power` says so, stored with the stop. A VM must never run twice, so whoever starts it has that host stop it
first; a host that is Down runs nothing, nor does one that was declared Degraded. And it shall not come back by itself:
power sync stops it where the host reports it, in place of taking it in.
"""

from __future__ import annotations

from lakh.base.errors import ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import must
from lakh.resources.vm.row import LEAVE, LEFT, LEFT_BEHIND, SEEN, VmPowerRow, VmRow
from lakh.store.statement import TxnSpec, values
from lakh.wire.commands import vm as commands


def is_dead(cloud: Cloud, host_id: int | None) -> bool:
    """True for a host that runs nothing, as far as is known or was declared."""
    host = cloud.part(HostIndex).facts.get(host_id or 0)
    return host is None or host.status == "Down" or host.resource_state == "Degraded"


def leave(cloud: Cloud, txn: TxnSpec, vm: VmRow) -> None:
    """Adds that the VM may be left running on the host it is taken off."""
    txn.add(LEAVE, *values(VmPowerRow(vm.id, LEFT, vm.host_id, cloud.now_ms())))


async def left_on(cloud: Cloud, vm: VmRow) -> int | None:
    """The host that may run the VM still."""
    rows = await cloud.store.rows(LEFT_BEHIND, [vm.id])
    return rows[0].host_id if rows else None


async def end_leftover(cloud: Cloud, txn: TxnSpec, vm: VmRow) -> None:
    """Has the host that may run the VM still stop it, and adds that it did. Raises ResourceUnavailableError."""
    if vm.last_host_id is None or (host_id := await left_on(cloud, vm)) is None:
        return
    if not is_dead(cloud, host_id):
        name = cloud.part(HostIndex).facts[host_id].name
        try:
            await must(cloud, host_id, commands.stop(vm.instance_name, force=True))
        except (HostUnreachableError, ResourceUnavailableError) as error:
            raise ResourceUnavailableError(
                f"Unable to start {vm.instance_name}: it was stopped by force, and host {name} may run it still"
                f" ({error}); try again when the host answers, is Down, or is declared degraded"
            ) from error
    txn.add(SEEN, [vm.id], expect=None)
