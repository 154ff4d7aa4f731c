"""What a VM's networks must do before it starts: be implemented, and have their router know its address and data.

Order and content: addendum 1.1 step 4, 1.2. All is idempotent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakh.base.errors import ResourceUnavailableError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run
from lakh.resources.host.reach import ask
from lakh.resources.network.cached import Networks
from lakh.resources.network.row import NetworkRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import has_router
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import NicRow
from lakh.resources.router.entries import RouterEntries
from lakh.resources.router.guests import guest_commands, lease_removal, services_for_guests
from lakh.resources.router.running import RunningRouters
from lakh.resources.vm.row import ROUTERS_OF_NETWORK, VmRow

log = logger(__name__)

READY = ("Implemented", "Setup")
TRIES = 3


async def prepare_nics(run: Run[Any], vm: VmRow, nics: Sequence[NicRow], password: str | None) -> None:
    """Makes the networks of the VM's NICs ready for it. Idempotent.

    Raises ResourceUnavailableError when a network cannot be implemented or a router refuses.
    """
    for nic in sorted(nics, key=lambda n: (not n.is_default, n.device_id)):
        if nic.traffic_type == "Guest":
            await _prepare(run, vm, nic, password)


async def _prepare(run: Run[Any], vm: VmRow, nic: NicRow, password: str | None) -> None:
    cloud = run.cloud
    for attempt in range(TRIES):
        network, offering = await ready_network(run, nic.network_id, attempt)
        services = services_for_guests(offering)
        if nic.ip is None or not services.any:
            return
        router = await cloud.part(RunningRouters).of(network.id)
        if router is None:
            continue
        commands = await guest_commands(cloud, router, network, services, vm, nic, password)
        try:
            answers = await cloud.part(RouterEntries).tell(router, commands)
        except HostUnreachableError as error:
            refused = str(error)
        else:
            refused = next((answer.details or "no" for answer in answers if not answer.result), "")
            if not refused and len(answers) == len(commands):
                return
        cloud.part(RunningRouters).forget(network.id)
        log.info("router refused", router=router.name, vm=vm.instance_name, reason=refused)
        if await cloud.part(RunningRouters).of(network.id) == router:
            raise ResourceUnavailableError(
                f"Unable to apply dhcp entry and user data of {vm.name} on router {router.name}: {refused}"
            )
    raise ResourceUnavailableError(f"The network of {vm.name} has no running router")


async def ready_network(run: Run[Any], network_id: int, attempt: int = 0) -> tuple[NetworkRow, NetworkOfferingRow]:
    """The network, implemented, with its router running where its offering has one.

    Whoever needs it first has it implemented; all others wait for the same job. Raises ResourceUnavailableError, and
    what implementing raises.
    """
    cloud = run.cloud
    network = await current_network(cloud, network_id)
    offering = (await cloud.snapshots.of(NetworkOfferingRow)).by_id[network.offering_id]
    routed = has_router(offering) and network.guest_type != "L2"
    if network.state in READY and (not routed or await cloud.part(RunningRouters).of(network.id) is not None):
        return network, offering
    if network.state in ("Shutdown", "Destroy"):
        raise ResourceUnavailableError(f"Network {network.name} is being shut down")
    routers = await cloud.store.rows(ROUTERS_OF_NETWORK, network.id) if network.state in READY else []
    if routers:
        tried = getattr(run.state, "tries", 0)
        await run.child("launchRouter", f"router {routers[0].id} {tried} {attempt}", id=routers[0].id)
    else:
        key = f"implementNetwork:{network.uuid}:{network.implemented}"
        await cloud.children.run_shared(run, "implementNetwork", key, {"networkid": network.id})
    return await current_network(cloud, network_id), offering


async def current_network(cloud: Cloud, network_id: int) -> NetworkRow:
    """The network's row. Raises ResourceUnavailableError when it is gone."""
    network = await cloud.part(Networks).get(network_id)
    if network is None or network.removed_ms is not None:
        raise ResourceUnavailableError("A network of the Instance was deleted")
    return network


async def release_nics(cloud: Cloud, vm: VmRow) -> None:
    """Takes the VM's leases off the routers that run, for a VM that is expunged; a failure is only logged."""
    for nic in await cloud.store.rows(NICS_OF_VM, vm.id):
        if nic.traffic_type != "Guest" or nic.ip is None:
            continue
        network = await cloud.part(Networks).get(nic.network_id)
        router = await cloud.part(RunningRouters).of(nic.network_id)
        if network is None or router is None:
            continue
        offering = (await cloud.snapshots.of(NetworkOfferingRow)).by_id[network.offering_id]
        if not services_for_guests(offering).dhcp:
            continue
        try:
            answers = await ask(cloud, router.host_id, lease_removal(router, vm, nic), patience_seconds=0)
            refused = "" if answers[0].result else answers[0].details
        except HostUnreachableError as error:
            refused = str(error)
        if refused:
            log.warning("lease not removed", router=router.name, vm=vm.instance_name, reason=refused)
