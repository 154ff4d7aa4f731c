"""migrateVolume: to another pool of its zone, under a running Instance or at rest.

At rest the file is copied. When the volume's row turns to the copy, the old file becomes an Expunging volume of its
own, so its space is taken until it is really gone, and `healing/volumes.py` deletes it where its host would not.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lakh.base.errors import InternalError, ParameterError, ResourceUnavailableError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import ask, must
from lakh.resources.host.silence import FileState, noting_silence, until_heard, worker_of
from lakh.resources.limit.charge import domain_chain
from lakh.resources.storage_pool.connect import filer, reaches
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import GIVE_BACK, TAKE, StoragePoolRow
from lakh.resources.vm.row import BY_ID as VM_BY_ID
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.transfer import VOLUME, volume_to
from lakh.resources.volume.access import admitted, current_volume, finish_with, owned_volume
from lakh.resources.volume.end import end_volume
from lakh.resources.volume.on_pool import delete_command, delete_from_pool
from lakh.resources.volume.row import BY_ID, INSERT, MIGRATED, MOVE, VolumeRow
from lakh.resources.volume.sizes import check_offering
from lakh.resources.volume.view import VolumeView
from lakh.store.statement import TxnSpec
from lakh.wire.commands import pool as pool_commands
from lakh.wire.commands import volume as commands
from lakh.wire.message import Message
from lakh.wire.objects.data import TransferObject

log = logger(__name__)


class MigrateState(FileState, kw_only=True):
    """From pool to pool. `path` is the file's name on the new one. Once the row names the new pool there is no way
    back; `old_id` then is the volume that the old file is, and `cleaned` says that the file is deleted."""

    volume_id: int
    source_id: int
    target_id: int
    offering_id: int | None = None
    path: str = ""
    live: bool = False
    old_id: int = 0
    cleaned: bool = False


async def reserve(run: Run[MigrateState]) -> TxnSpec:
    """Migrating, with its space on the new pool."""
    volume, state = await current_volume(run), run.state
    if volume.pool_id != state.source_id or volume.state != "Ready":
        raise InternalError(f"Volume {volume.uuid} changed meanwhile: it is {volume.state}")
    target = (await run.cloud.snapshots.of(StoragePoolRow)).by_id[state.target_id]
    state.worker_id = endpoint(run.cloud, target)
    txn = TxnSpec("volume.migrating").add(MOVE, volume.id, "Ready", "Migrating", run.cloud.now_ms())
    return txn.add(TAKE, state.target_id, volume.size_bytes)


async def unreserve(run: Run[MigrateState]) -> TxnSpec:
    """Ready where it was, or where a running Instance has it now."""
    volume, state = await current_volume(run), run.state
    if volume.pool_id == state.target_id:
        return TxnSpec("volume.migrated.kept")
    if state.live and state.path:  # the Instance runs on the new file by now
        return await switch(run)
    txn = TxnSpec("volume.unmigrated").add(MOVE, volume.id, "Migrating", "Ready", run.cloud.now_ms())
    return txn.add(GIVE_BACK, state.target_id, volume.size_bytes)


async def move(run: Run[MigrateState]) -> None:
    """Copies the file; under a running Instance its host moves the disk over, and deletes the old file."""
    cloud, state = run.cloud, run.state
    volume = await current_volume(run)
    pools = await cloud.snapshots.of(StoragePoolRow)
    source, target = pools.by_id[state.source_id], pools.by_id[state.target_id]
    vm = await _running_vm(run, volume)
    if vm is not None and vm.host_id is not None:
        state.live = True
        host_id, command = vm.host_id, _live_command(run, volume, source, target, vm)
    else:
        host_id, command = worker_of(run, target), _copy_command(volume, source, target)
    try:
        with noting_silence(run):
            answer = (await ask(cloud, host_id, command, timeout_seconds=10800))[0]
    except HostUnreachableError as error:
        raise ResourceUnavailableError(f"Unable to migrate volume {volume.uuid}: {error}") from error
    if not answer.result and not (state.live and await _is_there(run, volume, source, target, host_id)):
        raise InternalError(f"Unable to migrate volume {volume.uuid}: {answer.details}")
    made = (answer.body.get("newData") or {}).get(VOLUME) or {}
    state.path = str(answer.body.get("volumePath") or made.get("path") or volume.path)


async def _is_there(
    run: Run[MigrateState], volume: VolumeRow, source: StoragePoolRow, target: StoragePoolRow, host_id: int
) -> bool:
    """True when the file is on the new pool only: the disk moved before a crash, or before a lost answer.

    Raises ResourceUnavailableError, HostUnreachableError when nobody says.
    """
    found = []
    for pool in (source, target):
        command = pool_commands.volume_stats(pool.uuid, pool_type=pool.type, volume_uuids=[volume.path or ""])
        answer = (await must(run.cloud, host_id, command))[0]
        found.append(bool((answer.body.get("volumeStats") or {}).get(volume.path)))
    return found == [False, True]


async def unmove(run: Run[MigrateState]) -> None:
    """Deletes a copy on the new pool, unless the Instance runs on it by now. Raises ResourceUnavailableError, to be
    repeated, while its host neither has moved the disk nor lets the copy go."""
    cloud, state = run.cloud, run.state
    volume = await current_volume(run)
    if volume.pool_id == state.target_id or (state.live and state.path):
        return
    await until_heard(run)
    pools = await cloud.snapshots.of(StoragePoolRow)
    source, target = pools.by_id[state.source_id], pools.by_id[state.target_id]
    if state.live and await _is_there(run, volume, source, target, endpoint(cloud, target)):
        state.path = volume.path or ""
        return
    copy = msgspec.structs.replace(volume, path=state.path or volume.path)
    await delete_from_pool(run, copy, target)


async def switch(run: Run[MigrateState]) -> TxnSpec:
    """The row names the new pool. What the old one gives back is free at once where its host deleted the file."""
    cloud, state = run.cloud, run.state
    volume = await current_volume(run)
    txn = TxnSpec("volume.migrated").add(
        MIGRATED, volume.id, state.target_id, state.path, state.offering_id, cloud.now_ms()
    )
    if state.live:
        return txn.add(GIVE_BACK, state.source_id, volume.size_bytes)
    state.old_id = cloud.id("volume")
    old = msgspec.structs.replace(
        volume, id=state.old_id, uuid=cloud.uuid(), state="Expunging", vm_id=None, device_id=None, attached_ms=None,
        display_volume=False, updated_ms=cloud.now_ms(),
    )  # fmt: skip
    return txn.put(INSERT, old)


async def clean_up(run: Run[MigrateState]) -> None:
    """Deletes the old file, if its hosts let it."""
    cloud, state = run.cloud, run.state
    if not state.old_id:
        return
    old = (await cloud.store.rows(BY_ID, state.old_id))[0]
    source = (await cloud.snapshots.of(StoragePoolRow)).by_id[state.source_id]
    try:
        await must(cloud, endpoint(cloud, source), delete_command(old, source))
        state.cleaned = True
    except (HostUnreachableError, ResourceUnavailableError) as error:
        log.warning("old file of a migrated volume stays", volume=state.volume_id, pool=source.name, reason=str(error))


async def publish(run: Run[MigrateState]) -> TxnSpec:
    """The old file's end, and the job's result."""
    state, txn = run.state, TxnSpec("volume.migrated.done")
    if state.cleaned:
        await end_volume(run.cloud, txn, (await run.cloud.store.rows(BY_ID, state.old_id))[0])
    await finish_with(run, await current_volume(run))
    return txn


async def _running_vm(run: Run[Any], volume: VolumeRow) -> VmRow | None:
    rows = await run.cloud.store.rows(VM_BY_ID, volume.vm_id) if volume.vm_id is not None else []
    return rows[0] if rows and rows[0].state == "Running" else None


def _live_command(
    run: Run[Any], volume: VolumeRow, source: StoragePoolRow, target: StoragePoolRow, vm: VmRow
) -> Message:
    moved = volume_to(volume, target, vm.instance_name)
    return commands.migrate(
        volume_id=volume.id,
        path=volume.path or "",
        source=TransferObject(VOLUME, volume_to(volume, source, vm.instance_name)),
        destination=TransferObject(VOLUME, moved),
        source_pool=filer(source),
        destination_pool=filer(target),
        vm_name=vm.instance_name,
        type=volume.type,
        chain_info=volume.chain_info,
        wait_seconds=run.cloud.part(Settings).integer("migratewait"),
    )


def _copy_command(volume: VolumeRow, source: StoragePoolRow, target: StoragePoolRow) -> Message:
    copied = volume_to(volume, target) | {"path": None}
    return commands.copy(
        TransferObject(VOLUME, volume_to(volume, source)), TransferObject(VOLUME, copied), wait_seconds=10800
    )


class MigrateVolume(
    JobCommand,
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.MigrateVolumeCmdByAdmin",
    event="VOLUME.MIGRATE",
    instance_type="Volume",
    since="3.0.0",
):
    """Moves a volume to another storage pool of its zone."""

    volumeid: Id = param("the volume", required=True, entity="volume")
    storageid: Id = param("the pool it goes to", required=True, entity="storage_pool")
    livemigrate: bool = param("also while its Instance runs", default=False)
    newdiskofferingid: Id | None = param("the disk offering it has afterwards", entity="disk_offering")

    FLOW = Flow(
        MigrateState,
        Step("reserve", reserve, unreserve, commits=True),
        Step("move", move, unmove),
        Step("switch", switch, commits=True),
        Step("clean up", clean_up),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        volume = await owned_volume(call, self.volumeid, "volumeid")
        if volume.state != "Ready" or volume.pool_id is None:
            raise ParameterError(f"Volume must be in ready state; {volume.uuid} is {volume.state}")
        target = (await call.cloud.snapshots.of(StoragePoolRow)).by_id[self.storageid]
        if target.removed_ms is not None or target.status != "Up" or target.zone_id != volume.zone_id:
            raise ParameterError("Cannot migrate volume to storageid: it must name a pool of the zone that is Up")
        if target.id == volume.pool_id:
            raise ParameterError(f"Volume {volume.uuid} is already on the destination storage pool")
        await self._check_vm(call, volume, target)
        state = MigrateState(
            volume_id=volume.id,
            source_id=volume.pool_id,
            target_id=target.id,
            offering_id=await self._offering(call, volume, target),
        )
        return admitted(self, volume, state, "migrating volume")

    async def _check_vm(self, call: Call, volume: VolumeRow, target: StoragePoolRow) -> None:
        rows = await call.cloud.store.rows(VM_BY_ID, volume.vm_id) if volume.vm_id is not None else []
        if not rows or rows[0].state == "Stopped":
            return
        if rows[0].state != "Running" or not self.livemigrate:
            raise ParameterError(
                "livemigrate must be true to migrate a volume of a running Instance, which is the only other state"
                f" than stopped it can be in; it is {rows[0].state}"
            )
        fact = call.cloud.part(HostIndex).facts.get(rows[0].host_id or 0)
        if fact is None or not reaches(target, volume.zone_id, fact.cluster_id):
            raise ParameterError("The Instance's host does not reach the destination storage pool")

    async def _offering(self, call: Call, volume: VolumeRow, target: StoragePoolRow) -> int | None:
        """The offering afterwards, whose storage tags the pool must have."""
        offerings = await call.cloud.snapshots.of(DiskOfferingRow)
        if self.newdiskofferingid is None:
            return volume.disk_offering_id
        offering = offerings.by_id[self.newdiskofferingid]
        chain = await domain_chain(call.cloud, volume.domain_id)
        check_offering(offering, volume.zone_id, chain, admin=call.caller.is_root_admin)
        wanted = {tag.strip() for tag in (offering.tags or "").split(",") if tag.strip()}
        if not wanted <= {tag for tag in target.tags.split(",") if tag}:
            raise ParameterError(f"Storage pool {target.name} lacks tags of disk offering {offering.name}")
        return offering.id
