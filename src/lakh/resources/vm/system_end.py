"""The end of a system VM's rows: its own, its disk's, its NICs' and its public address's."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.ip_address.row import FREE_OF_VM
from lakh.resources.nic.row import REMOVE_OF_VM
from lakh.resources.storage_pool.row import GIVE_BACK
from lakh.resources.vm.row import TO_EXPUNGED, VmRow
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import REMOVE
from lakh.store.statement import TxnSpec


async def end_system_vm(cloud: Cloud, vm: VmRow, txn: TxnSpec) -> None:
    """Adds it all to `txn`, with what is given back."""
    now_ms = cloud.now_ms()
    txn.add(TO_EXPUNGED, vm.id, now_ms)
    for volume in await cloud.store.rows(VOLUMES_OF_VM, vm.id):
        if volume.pool_id is not None:
            txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
        txn.add(REMOVE, volume.id, now_ms)
    txn.add(FREE_OF_VM, vm.id, now_ms, expect=None)
    txn.add(REMOVE_OF_VM, vm.id, now_ms, expect=None)
