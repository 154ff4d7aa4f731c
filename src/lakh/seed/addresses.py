"""Rows of very many addresses and VXLANs in use, through the product's own insert statements."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from random import Random
from typing import Final

from lakh.jobs.cloud import Cloud
from lakh.resources.ip_address.new import new_ip_address
from lakh.resources.ip_address.row import INSERT as INSERT_ADDRESS
from lakh.resources.network.row import BY_UUID, NetworkRow
from lakh.resources.nic.new import new_guest_nic
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.physical_network.row import INSERT_VLAN, GuestVlanRow
from lakh.resources.vlan.row import VlanRangeRow
from lakh.seed.writing import ROWS_AT_ONCE, write_all
from lakh.store.statement import TxnSpec, statement

GUESTS: Final = int(IPv4Address("10.128.0.10"))
PUBLIC: Final = int(IPv4Address("100.64.0.10"))
FIRST_VNI: Final = 200_000
"""Behind those of the networks that are seeded with one."""
VM_IDS: Final = statement("seed.vm_ids", "SELECT id FROM vm WHERE removed_ms IS NULL ORDER BY id LIMIT 1000")
WITHOUT_VLAN: Final = statement(
    "seed.networks_without_vlan",
    "SELECT id, physical_network_id, account_id FROM network WHERE state = 'Allocated' AND removed_ms IS NULL"
    " AND id > $1 ORDER BY id LIMIT 5000",
    full_scan="gives each network of a seeded store its VXLAN, once",
)


async def fill(cloud: Cloud, network_uuid: str, range_uuid: str, addresses: int, networks: int) -> None:
    """Takes nine of ten `addresses` of a shared network from GUESTS on, and of a public range from PUBLIC on, and a
    VXLAN for each of the `networks` without one."""
    network = (await cloud.store.rows(BY_UUID, network_uuid))[0]
    within = (await cloud.snapshots.of(VlanRangeRow)).by_uuid[range_uuid]
    vms = [row[0] for row in await cloud.store.read(VM_IDS)]
    random = Random(7)
    used = [offset for offset in range(addresses) if random.random() < 0.9]
    for name in ("nic", "ip_address"):
        await cloud.row_ids.reserve(name, len(used))
    await cloud.row_ids.reserve("guest_vlan", networks)
    await write_all(cloud.store, _nics(cloud, network, vms, used))
    await write_all(cloud.store, _public(cloud, within, network, used))
    last = number = 0
    while page := await cloud.store.read(WITHOUT_VLAN, last):
        txn = TxnSpec("seed.vlans")
        for network_id, physical_id, account_id in page:
            row = GuestVlanRow(cloud.id("guest_vlan"), physical_id, FIRST_VNI + number, network_id, account_id, 0)
            txn.put(INSERT_VLAN, row)
            number += 1
        await cloud.store.submit(txn)
        last = page[-1][0]


def _parts(used: list[int], at_once: int) -> Iterator[list[int]]:
    for start in range(0, len(used), at_once):
        yield used[start : start + at_once]


def _nics(cloud: Cloud, network: NetworkRow, vms: list[int], used: list[int]) -> Iterator[TxnSpec]:
    for part in _parts(used, ROWS_AT_ONCE["sqlite"]):
        txn = TxnSpec("seed.addresses")
        for offset in part:
            vm_id, device_id = vms[offset % len(vms)], 1 + offset // len(vms)
            ip = str(IPv4Address(GUESTS + offset))
            row = new_guest_nic(cloud, vm_id, network, device_id, ip, cloud.now_ms(), is_default=False)
            txn.put(INSERT_NIC, row)
        yield txn


def _public(cloud: Cloud, within: VlanRangeRow, network: NetworkRow, used: list[int]) -> Iterator[TxnSpec]:
    for part in _parts(used, ROWS_AT_ONCE["sqlite"]):
        txn = TxnSpec("seed.addresses")
        for offset in part:
            address = str(IPv4Address(PUBLIC + offset))
            row = new_ip_address(cloud, address, within, (network.account_id, network.domain_id), network.id)
            txn.put(INSERT_ADDRESS, row)
        yield txn
