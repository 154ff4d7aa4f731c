"""Steps that bring a network's router to a host: one request starts it, waits for it, and tells it all it must know
(addendum 2.2). Every answer must be yes, or the router is stopped and another host is tried."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from lakh.base.errors import InternalError
from lakh.jobs.flow import Run, Step
from lakh.resources.host.index import HostIndex
from lakh.resources.network.cached import Networks
from lakh.resources.network.system_addresses import SystemAddresses
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import SET_ADDRESS, NicRow
from lakh.resources.pod.row import PodRow
from lakh.resources.proposals import proposed, recheck_proposals
from lakh.resources.router.boot import boot_arguments
from lakh.resources.router.rules import guest_entries, network_rules
from lakh.resources.router.running import RunningRouter, RunningRouters, reached
from lakh.resources.vm.launch import (
    LaunchState,
    create_disks,
    created_volumes,
    forget_reservation,
    reserve,
    running,
    start_command,
    start_with,
    unreserve,
    unstart,
    vm_of,
    volumes_of,
)
from lakh.resources.vm.row import SET_EXTRA, VmRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec
from lakh.wire.commands import router as commands
from lakh.wire.message import Message


class RouterLaunchState(LaunchState):
    """`start` turns false for a router that runs already. `versions` is what the router said of itself."""

    versions: dict[str, str] = {}


async def reserve_router(run: Run[Any]) -> TxnSpec:
    """Reserves a host, and for the control NIC a link-local address of its pod."""
    cloud, vm = run.cloud, await vm_of(run)
    if vm.state == "Running":
        run.state.start = False
        return TxnSpec("router.runs")
    if vm.state not in ("Stopped", "Starting"):
        raise InternalError(f"Unable to start router {vm.instance_name}: it is {vm.state}")
    await recheck_proposals(run)
    txn = await reserve(run)
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    pod_id = cloud.part(HostIndex).facts[run.state.host_id].pod_id or 0
    pod = (await cloud.snapshots.of(PodRow)).by_id[pod_id]
    for nic in await cloud.store.rows(NICS_OF_VM, vm.id):
        if nic.traffic_type == "Control" and (nic.ip is None or nic.pod_id != pod_id):
            addresses = cloud.part(SystemAddresses)
            address = await addresses.control(zone, pod)
            proposed(run, partial(addresses.recheck_control, nic.network_id, address.ip, pod_id))
            mac = address.mac or nic.mac
            txn.add(SET_ADDRESS, nic.id, address.ip, address.netmask, address.gateway, mac, None, pod_id)
    return txn


async def start_router(run: Run[Any]) -> None:
    """Starts the router with its whole configuration in one request."""
    cloud, state = run.cloud, run.state
    if not state.start:
        return
    vm = await vm_of(run)
    network = await cloud.part(Networks).get(vm.network_id or 0)
    assert network is not None
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    arguments = await boot_arguments(cloud, vm, network, nics)
    volumes = created_volumes(state, await volumes_of(run))
    command = await start_command(cloud, vm, state.host_id, volumes, arguments)
    then = await _after_start(run, reached(vm, state.host_id, nics), nics)
    answers = await start_with(run, command, *then)
    for answer in answers:
        if answer.name == "GetDomRVersionAnswer":
            names = ("templateVersion", "scriptsVersion")
            state.versions = {name: str(answer.body.get(name) or "") for name in names}


async def _after_start(run: Run[Any], router: RunningRouter, nics: list[NicRow]) -> list[Message]:
    """Everything behind the StartCommand of the batch."""
    cloud, vm = run.cloud, await vm_of(run)
    network = await cloud.part(Networks).get(vm.network_id or 0)
    assert network is not None
    offering = (await cloud.snapshots.of(NetworkOfferingRow)).by_id[network.offering_id]
    batch = [commands.check_ssh(router.control_ip, name=router.name), commands.version(router.access)]
    if any(nic.traffic_type == "Public" for nic in nics):
        usage = commands.network_usage(
            router.access, private_ip=router.control_ip, router_name=router.name, option="create"
        )
        batch.append(usage)
    batch.append(commands.aggregation(router.access, "Start"))
    batch += await network_rules(cloud, router, network, offering, nics)
    batch += await guest_entries(cloud, router, network, offering)
    batch.append(commands.aggregation(router.access, "Finish"))
    return batch


async def router_running(run: Run[Any]) -> tuple[TxnSpec, VmRow]:
    """What makes the router Running, and the router as it will be."""
    cloud, state, vm = run.cloud, run.state, await vm_of(run)
    cloud.part(RunningRouters).forget(vm.network_id)
    if not state.start:
        return TxnSpec("router.ran_already"), vm
    extra = msgspec.json.encode(msgspec.json.decode(vm.extra_json, type=dict[str, Any]) | state.versions).decode()
    txn = running(cloud, state).add(SET_EXTRA, vm.id, extra)
    return txn, msgspec.structs.replace(
        vm, state="Running", host_id=state.host_id, last_host_id=state.host_id, extra_json=extra
    )


async def give_up(run: Run[Any]) -> TxnSpec:
    """The router stays stopped, with its disk."""
    forget_reservation(run, await vm_of(run))
    return TxnSpec("router.start.failed")


BEFORE_PUBLISH: list[Step[Any]] = [
    Step("reserve", reserve_router, unreserve, commits=True),
    Step("disks", create_disks),
    Step("start", start_router, unstart),
]
"""The steps of a flow that starts a router; its last one commits `router_running`."""
