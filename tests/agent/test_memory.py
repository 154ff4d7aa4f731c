"""What VMs cost: a hundred thousand hosts are only possible while this stays small."""

from __future__ import annotations

import gc
import tracemalloc

from tests.agent.cloud import GIB, POOL, Cloud, nic, uuid, vm

from lakh.agent.objects import domain_spec

BUDGET_BYTES = 600
HOSTS = 50
VMS_EACH = 20


def test_a_vm_with_its_volume_its_interface_and_its_addresses_takes_600_bytes() -> None:
    cloud = Cloud(HOSTS, memory_bytes=64 * GIB)
    warm = domain_spec(vm(1))
    cloud.hosts[0].hypervisor.create_volume(POOL, uuid(1), GIB)
    cloud.hosts[0].hypervisor.start(warm)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(100, 100 + HOSTS * VMS_EACH):
        host = cloud.hosts[number % HOSTS]
        host.hypervisor.create_volume(POOL, uuid(number), GIB)
        body = vm(number, nics=[nic(number, f"10.1.{number >> 8}.{number & 255}")])
        host.hypervisor.start(domain_spec(body))
        del body
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = (after - before) / (HOSTS * VMS_EACH)
    assert sum(len(host.hypervisor.power_report()) for host in cloud.hosts) == HOSTS * VMS_EACH + 1
    assert each <= BUDGET_BYTES, f"{each:.0f} bytes"
