"""expungeVolume, internal: the end of a destroyed volume. deleteVolume and destroyVolume end with it."""

from __future__ import annotations

from lakh.base.errors import InternalError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.reach import must
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import GIVE_BACK, StoragePoolRow
from lakh.resources.volume.access import admitted, current_volume
from lakh.resources.volume.on_pool import delete_command
from lakh.resources.volume.row import BY_ID, REMOVE
from lakh.store.statement import TxnSpec


class ExpungeState(State):
    """Which volume."""

    volume_id: int


async def erase(run: Run[ExpungeState]) -> None:
    """Deletes its file. What raises is repeated later: the volume stays destroyed until it is gone."""
    cloud, volume = run.cloud, await current_volume(run)
    if volume.state not in ("Destroy", "Expunging"):
        raise InternalError(f"Volume {volume.uuid} is {volume.state}: only a destroyed one is expunged")
    if volume.pool_id is not None and volume.path is not None:
        pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
        await must(cloud, endpoint(cloud, pool), delete_command(volume, pool))


async def publish(run: Run[ExpungeState]) -> TxnSpec:
    """The row's end, with its pool's space."""
    volume = await current_volume(run)
    txn = TxnSpec("volume.expunged").add(REMOVE, volume.id, run.cloud.now_ms())
    if volume.pool_id is not None:
        txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
    run.finish(result_json(run, Success(), run.job.command))
    return txn


class ExpungeVolume(JobCommand, internal=True, answer=Success, event="VOLUME.DELETE", instance_type="Volume"):
    """Removes a destroyed volume for good."""

    id: Id = param("the volume", required=True, entity="volume")

    FLOW = Flow(ExpungeState, Step("erase", erase), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        volume = (await call.cloud.store.rows(BY_ID, self.id))[0]
        return admitted(self, volume, ExpungeState(volume_id=volume.id), "expunging volume")
