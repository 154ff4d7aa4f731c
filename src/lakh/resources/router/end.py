"""Steps that take a router off its host for good, with its disk, addresses and rows."""

from __future__ import annotations

from typing import Any

from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run, Step
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.cached import Networks
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.system_addresses import SystemAddresses
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import NicRow
from lakh.resources.router.running import RunningRouters
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.erase import erase_on_hosts, root_disks
from lakh.resources.vm.halt import release_host, stop_on_host, stopping, unstopping
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.states import GONE, move
from lakh.resources.vm.system_end import end_system_vm
from lakh.store.statement import TxnSpec


async def halting(run: Run[Any]) -> TxnSpec:
    """State Stopping; nobody is sent to this router from now on."""
    txn = await stopping(run)
    run.cloud.part(RunningRouters).forget((await current_vm(run)).network_id)
    return txn


async def expunging(run: Run[Any]) -> TxnSpec:
    """Off its host, and Expunging: there is no way back."""
    cloud, txn = run.cloud, TxnSpec("router.expunging")
    vm = await current_vm(run)
    if vm.state == "Stopping":
        vm = release_host(run, vm, txn, "OperationSucceeded")
    if vm.state not in GONE:
        vm = move(txn, vm, "DestroyRequested", cloud.now_ms())
    if vm.state != "Expunging":
        move(txn, vm, "ExpungeOperation", cloud.now_ms())
    return txn


async def erase(run: Run[Any]) -> None:
    """Deletes the disk's file."""
    vm = await current_vm(run)
    await erase_on_hosts(run, vm, await root_disks(run.cloud, vm))


async def ended(run: Run[Any]) -> tuple[TxnSpec, VmRow]:
    """The end of all its rows, and the router as it was. Public addresses stay with the network."""
    cloud, txn = run.cloud, TxnSpec("router.expunged")
    vm = await current_vm(run)
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    networks = await cloud.part(Networks).many(nic.network_id for nic in nics)
    await end_system_vm(cloud, vm, txn)
    run.when_committed(lambda: _forget(cloud, vm, nics, networks))
    return txn, vm


def _forget(cloud: Cloud, vm: VmRow, nics: list[NicRow], networks: dict[int, NetworkRow]) -> None:
    """Memory deals anew what the router had."""
    for nic in nics:
        network = networks[nic.network_id]
        if nic.traffic_type == "Control":
            cloud.part(SystemAddresses).give_back(network, nic.ip, nic.pod_id)
        elif nic.traffic_type == "Guest" and network.guest_type == "Shared":
            cloud.part(GuestAddresses).give_back(network.id, nic.ip)
    cloud.part(RunningRouters).forget(vm.network_id)


BEFORE_PUBLISH: list[Step[Any]] = [
    Step("stopping", halting, unstopping, commits=True),
    Step("stop", stop_on_host),
    Step("expunging", expunging, commits=True),
    Step("erase", erase),
]
"""The steps of a flow that ends a router; its last one commits `ended`."""
