"""resizeVolume: another size, another offering, or both; live where the Instance runs.

A file that has its new size keeps it, also when what came after failed or the answer was lost: what a guest has seen of
its disk cannot be taken back. The undo asks how large the file is, and the volume's row follows it.
"""

from __future__ import annotations

import msgspec

from lakh.base.errors import InternalError, ParameterError, ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Long
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.host.reach import ask, must
from lakh.resources.host.silence import FileState, noting_silence, until_heard, worker_of
from lakh.resources.limit.charge import charge_owner, domain_chain, release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.storage_pool.connect import filer
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import GIVE_BACK, TAKE, StoragePoolRow
from lakh.resources.vm.row import BY_ID as VM_BY_ID
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.access import admitted, current_volume, finish_with, owned_volume
from lakh.resources.volume.row import RESIZED, VolumeRow
from lakh.resources.volume.sizes import check_offering, checked, offered_bytes
from lakh.resources.volume.view import VolumeView
from lakh.store.statement import TxnSpec
from lakh.wire.commands import pool as pool_commands
from lakh.wire.commands import volume as commands


class ResizeState(FileState, kw_only=True):
    """From `old_bytes` to `new_bytes`; `offering_id` and IOPS are those it has afterwards. `resized`: the file has its
    new size."""

    volume_id: int
    old_bytes: int
    new_bytes: int
    shrink_ok: bool = False
    offering_id: int | None = None
    old_offering_id: int | None = None
    min_iops: int | None = None
    max_iops: int | None = None
    resized: bool = False

    @property
    def growth(self) -> int:
        return max(0, self.new_bytes - self.old_bytes)

    @property
    def shrinkage(self) -> int:
        return max(0, self.old_bytes - self.new_bytes)


async def reserve(run: Run[ResizeState]) -> TxnSpec:
    """Resizing, with the space and the count of what it grows by. One on paper too: it could else be attached, and
    made, meanwhile."""
    cloud, state = run.cloud, run.state
    volume = await current_volume(run)
    if volume.state not in ("Ready", "Allocated") or volume.size_bytes != state.old_bytes:
        raise InternalError(f"Volume {volume.uuid} changed meanwhile: it is {volume.state}, {volume.size_bytes} bytes")
    txn = TxnSpec("volume.resizing")
    _set(run, txn, volume, "Resizing", state.old_bytes)
    if state.growth:
        await charge_owner(cloud, txn, volume.account_id, volume.domain_id, Usage(primary_storage=state.growth))
        if volume.pool_id is not None:
            txn.add(TAKE, volume.pool_id, state.growth)
    if volume.pool_id is not None and volume.path is not None and state.new_bytes != state.old_bytes:
        pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
        vm = await _running_vm(run, volume)
        state.worker_id = endpoint(cloud, pool) if vm is None or vm.host_id is None else vm.host_id
    return txn


async def unreserve(run: Run[ResizeState]) -> TxnSpec:
    """As it was, or as its file is by now."""
    state, volume = run.state, await current_volume(run)
    txn = TxnSpec("volume.unresized")
    if state.resized:
        await _end(run, txn, volume)
        return txn
    _set(run, txn, volume, "Ready" if volume.path else "Allocated", state.old_bytes)
    if state.growth:
        await release_owner(run.cloud, txn, volume.account_id, volume.domain_id, Usage(primary_storage=state.growth))
        if volume.pool_id is not None:
            txn.add(GIVE_BACK, volume.pool_id, state.growth)
    return txn


def _set(run: Run[ResizeState], txn: TxnSpec, volume: VolumeRow, state: str, size_bytes: int) -> None:
    txn.add(
        RESIZED, volume.id, volume.state, state, size_bytes, volume.disk_offering_id, volume.min_iops,
        volume.max_iops, run.cloud.now_ms(),
    )  # fmt: skip


async def resize(run: Run[ResizeState]) -> None:
    """Resizes the file: by the Instance's host while it runs, else by any host of the pool."""
    cloud, state = run.cloud, run.state
    volume = await current_volume(run)
    if volume.pool_id is None or volume.path is None or state.new_bytes == state.old_bytes:
        return
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
    vm = await _running_vm(run, volume)
    host_id = worker_of(run, pool) if vm is None or vm.host_id is None else vm.host_id
    command = commands.resize(
        volume.path,
        pool=filer(pool),
        current_bytes=state.old_bytes,
        new_bytes=state.new_bytes,
        shrink_ok=state.shrink_ok,
        vm_name=vm.instance_name if vm is not None else None,
        chain_info=volume.chain_info,
    )
    try:
        with noting_silence(run):
            answer = (await ask(cloud, host_id, command))[0]
    except HostUnreachableError as error:
        raise ResourceUnavailableError(f"Unable to resize volume {volume.uuid}: {error}") from error
    if not answer.result:
        raise InternalError(f"Unable to resize volume {volume.uuid}: {answer.details}")
    state.resized = True


async def _running_vm(run: Run[ResizeState], volume: VolumeRow) -> VmRow | None:
    rows = await run.cloud.store.rows(VM_BY_ID, volume.vm_id) if volume.vm_id is not None else []
    return rows[0] if rows and rows[0].state == "Running" else None


async def look(run: Run[ResizeState]) -> None:
    """Finds out which size the file has, once no host may change it yet. Raises ResourceUnavailableError,
    HostUnreachableError to be repeated."""
    cloud, state = run.cloud, run.state
    volume = await current_volume(run)
    if state.resized or volume.pool_id is None or volume.path is None or state.new_bytes == state.old_bytes:
        return
    await until_heard(run)
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
    command = pool_commands.volume_stats(pool.uuid, pool_type=pool.type, volume_uuids=[volume.path])
    answer = (await must(cloud, endpoint(cloud, pool), command))[0]
    file = (answer.body.get("volumeStats") or {}).get(volume.path) or {}
    state.resized = file.get("virtualSize") == state.new_bytes


async def publish(run: Run[ResizeState]) -> TxnSpec:
    """The new size, what it shrank by given back, and the job's result."""
    txn = TxnSpec("volume.resized")
    await finish_with(run, await _end(run, txn, await current_volume(run)))
    return txn


async def _end(run: Run[ResizeState], txn: TxnSpec, volume: VolumeRow) -> VolumeRow:
    """Adds the new size with what it shrank by given back; returns the volume as it will be."""
    state = run.state
    after = msgspec.structs.replace(
        volume,
        state="Ready" if volume.path else "Allocated",
        size_bytes=state.new_bytes,
        disk_offering_id=state.offering_id,
        min_iops=state.min_iops,
        max_iops=state.max_iops,
        updated_ms=run.cloud.now_ms(),
    )
    txn.add(
        RESIZED, volume.id, volume.state, after.state, after.size_bytes, after.disk_offering_id, after.min_iops,
        after.max_iops, after.updated_ms,
    )  # fmt: skip
    if state.shrinkage:
        usage = Usage(primary_storage=state.shrinkage)
        await release_owner(run.cloud, txn, volume.account_id, volume.domain_id, usage)
        if volume.pool_id is not None:
            txn.add(GIVE_BACK, volume.pool_id, state.shrinkage)
    return after


class ResizeVolume(
    JobCommand,
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.ResizeVolumeCmdByAdmin",
    event="VOLUME.RESIZE",
    instance_type="Volume",
):
    """Changes a volume's size, its disk offering, or both."""

    id: Id = param("the volume", required=True, entity="volume")
    size: Long | None = param("new size in GiB")
    diskofferingid: Id | None = param("new disk offering", entity="disk_offering")
    shrinkok: bool = param("it may become smaller, whatever is lost by that", default=False)
    miniops: Long | None = param("least IOPS, for an offering with custom IOPS")
    maxiops: Long | None = param("most IOPS, for an offering with custom IOPS")
    automigrate: bool = param("move it where the new offering's tags ask for another pool", default=False,
                              since="4.20.1")  # fmt: skip

    FLOW = Flow(
        ResizeState,
        Step("reserve", reserve, unreserve, commits=True),
        Step("resize", resize, look),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        volume = await owned_volume(call, self.id)
        if volume.state not in ("Ready", "Allocated"):
            raise ParameterError(
                "Volume should be in ready or allocated state before attempting a resize."
                f" Volume {volume.uuid} is in state {volume.state}."
            )
        offering = await self._offering(call, volume)
        new_bytes = self._new_bytes(call, volume, offering)
        if new_bytes < volume.size_bytes and not self.shrinkok:
            raise ParameterError(
                f"Going from existing size of {volume.size_bytes} to size of {new_bytes} would shrink the volume."
                "Need to sign off by supplying the shrinkok parameter with value of true."
            )
        state = ResizeState(
            volume_id=volume.id,
            old_bytes=volume.size_bytes,
            new_bytes=new_bytes,
            shrink_ok=self.shrinkok,
            offering_id=volume.disk_offering_id if self.diskofferingid is None or offering is None else offering.id,
            min_iops=volume.min_iops if self.miniops is None else self.miniops,
            max_iops=volume.max_iops if self.maxiops is None else self.maxiops,
        )
        usage = Usage(primary_storage=state.growth)
        return admitted(self, volume, state, "resizing volume", usage=usage, cloud=call.cloud)

    async def _offering(self, call: Call, volume: VolumeRow) -> DiskOfferingRow | None:
        offerings = await call.cloud.snapshots.of(DiskOfferingRow)
        if self.diskofferingid is None:
            return offerings.by_id.get(volume.disk_offering_id or 0)
        offering = offerings.by_id[self.diskofferingid]
        chain = await domain_chain(call.cloud, volume.domain_id)
        check_offering(offering, volume.zone_id, chain, admin=call.caller.is_root_admin)
        return offering

    def _new_bytes(self, call: Call, volume: VolumeRow, offering: DiskOfferingRow | None) -> int:
        """The size asked for: by the new offering, or by `size` where the present one is customized."""
        if self.diskofferingid is not None and offering is not None:
            if offering.is_customized and self.size is None:
                return volume.size_bytes
            return offered_bytes(call.cloud, offering, self.size)
        if self.size is None:
            raise ParameterError("Requested resize to the same size: give size in GiB, or diskofferingid")
        if volume.type == "DATADISK" and offering is not None and not offering.is_customized:
            raise ParameterError("To change a volume's size without providing a new disk offering, its current disk"
                                 " offering must be customizable or it must be a root volume")  # fmt: skip
        return checked(call.cloud, self.size)
