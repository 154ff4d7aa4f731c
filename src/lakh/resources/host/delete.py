"""deleteHost: a host that no instance needs any more, or by force."""

from __future__ import annotations

from lakh.base.errors import InternalError, ResourceInUseError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call, SyncCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.dedication.row import END as END_DEDICATION
from lakh.resources.dedication.row import HOST
from lakh.resources.host.emptying import stop_lost
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.host.resource_state import live_host, next_state
from lakh.resources.host.row import DELETE_TAGS, HostRow
from lakh.resources.vm.reservation import END_OF_HOST
from lakh.resources.vm.row import ON_HOST
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError
from lakh.wire.commands import connection
from lakh.wire.commands import vm as commands

log = logger(__name__)

DELETE = statement(
    "host.delete",
    "UPDATE host SET removed_ms = $2, status = 'Removed', resource_state = $3 WHERE id = $1 AND removed_ms IS NULL",
)
DELETE_CAPACITY = statement("host_capacity.delete", "DELETE FROM host_capacity WHERE host_id = $1 AND vms = 0")
"""Takes no row while an instance is placed there, and makes every later reservation fail."""
LEAVE_POOLS = statement("storage_pool_host.leave", "DELETE FROM storage_pool_host WHERE host_id = $1")
STOP_SECONDS = 300.0
GOODBYE_SECONDS = 10.0
OUT_OF_SERVICE = frozenset({"Maintenance", "Degraded"})
"""Resource states of a host that an operator has already given up: it may go without `forced`."""


class DeleteHost(SyncCommand, roles=("Admin", "ResourceAdmin")):
    """Deletes a host."""

    id: Id = param("the host", required=True, entity="host")
    forced: bool = param("delete it with instances on it; they are stopped", default=False)
    forcedestroylocalstorage: bool = param("delete it with disks on its own storage", default=False)

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        host = await live_host(cloud, self.id)
        state = next_state(host, "DeleteHost")
        if not self.forced and host.resource_state not in OUT_OF_SERVICE:
            raise InternalError(
                f"Host {host.uuid} is in service: it must be in maintenance mode to be deleted, as"
                " prepareHostForMaintenance does it; or give forced=true to stop what runs on it"
            )
        if self.forced:
            await _stop_instances(cloud, host)
            await _say_goodbye(cloud, host)
            await stop_lost(cloud, host.id, f"host {host.name} is deleted")
        txn = TxnSpec("deleteHost").add(DELETE, host.id, cloud.now_ms(), state)
        txn.add(DELETE_CAPACITY, host.id, expect=1 if host.type == ROUTING else None)
        txn.add(DELETE_TAGS, host.id, expect=None).add(LEAVE_POOLS, host.id, expect=None)
        txn.add(END_OF_HOST, host.id, expect=None).add(END_DEDICATION, HOST, host.id, expect=None)
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as held:
            count = len(await cloud.store.rows(ON_HOST, host.id))
            raise ResourceInUseError(
                f"Unable to delete host {host.name}: {count} instances are on it; migrate or stop them, or give"
                " forced=true"
            ) from held
        cloud.part(HostIndex).remove(host.id)
        if not self.forced:
            await _say_goodbye(cloud, host)
        cloud.hosts.drop(host.id)


async def _stop_instances(cloud: Cloud, host: HostRow) -> None:
    """Has the host stop what runs on it, while there is somebody to ask: it may start elsewhere next."""
    vms = [vm for vm in await cloud.store.rows(ON_HOST, host.id) if vm.state == "Running"]
    if not vms or not cloud.hosts.is_connected(host.id):
        return
    stops = [commands.stop(vm.instance_name, force=True) for vm in vms]
    try:
        answers = await cloud.hosts.call(host.id, stops, timeout_seconds=STOP_SECONDS, stop_on_error=False)
    except HostUnreachableError as error:
        log.warning("instances of a deleted host may run on", host=host.name, reason=str(error))
        return
    for vm, answer in zip(vms, answers, strict=True):
        if not answer.result:
            log.warning("instance of a deleted host runs on", host=host.name, vm=vm.instance_name, why=answer.details)


async def _say_goodbye(cloud: Cloud, host: HostRow) -> None:
    """Tells the agent to end for good (agent-protocol 3.6); one that does not hear it may join again as a new host."""
    if not cloud.hosts.is_connected(host.id):
        return
    remove = not cloud.part(Settings).flag("add.host.on.service.restart.kvm")
    try:
        await cloud.hosts.call(
            host.id, [connection.shutdown("deleteHost", remove_host=remove)], timeout_seconds=GOODBYE_SECONDS
        )
    except HostUnreachableError as error:
        log.info("agent did not hear that its host is deleted", host=host.name, reason=str(error))
