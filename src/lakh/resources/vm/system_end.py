"""The end of a system VM's rows: its own, its disk's, its NICs' and its public address's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakh.jobs.cloud import Cloud
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import FREE_OF_VM, IpAddressRow
from lakh.resources.ip_address.row import OF_VM as ADDRESSES_OF_VM
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.system_addresses import SystemAddresses
from lakh.resources.nic.row import REMOVE_OF_VM, NicRow
from lakh.resources.storage_pool.row import GIVE_BACK
from lakh.resources.vm.row import SEEN, TO_EXPUNGED, VmRow
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import REMOVE
from lakh.store.statement import TxnSpec


async def end_system_vm(cloud: Cloud, vm: VmRow, txn: TxnSpec) -> list[IpAddressRow]:
    """Adds it all to `txn`, with what is given back. Returns the public addresses that the VM had for itself."""
    now_ms = cloud.now_ms()
    txn.add(TO_EXPUNGED, vm.id, now_ms)
    for volume in await cloud.store.rows(VOLUMES_OF_VM, vm.id):
        if volume.pool_id is not None:
            txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
        txn.add(REMOVE, volume.id, now_ms)
    txn.add(SEEN, [vm.id], expect=None)
    addresses = [row for row in await cloud.store.rows(ADDRESSES_OF_VM, vm.id) if row.is_system]
    txn.add(FREE_OF_VM, vm.id, now_ms, expect=None)
    txn.add(REMOVE_OF_VM, vm.id, now_ms, expect=None)
    return addresses


def give_addresses_back(
    cloud: Cloud,
    vm: VmRow,
    nics: Sequence[NicRow],
    networks: Mapping[int, NetworkRow],
    addresses: Sequence[IpAddressRow],
) -> None:
    """Memory deals anew what the VM had, once its rows have ended."""
    for address in addresses:
        cloud.part(PublicAddresses).give_back(address.range_id, address.address)
    for nic in nics:
        if nic.traffic_type == "Guest":
            cloud.part(GuestAddresses).give_back(nic.network_id, nic.ip)
            continue
        pod_id = vm.pod_id if nic.traffic_type == "Management" else nic.pod_id
        cloud.part(SystemAddresses).give_back(networks[nic.network_id], nic.ip, pod_id)
