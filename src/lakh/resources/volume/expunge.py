"""expungeVolume, internal: the end of a destroyed volume. deleteVolume and destroyVolume end with it.

It is Expunging before its file is touched, so nobody recovers a volume whose file is gone. One whose expunging breaks
off stays so until `healing/volumes.py` comes.
"""

from __future__ import annotations

from lakh.base.errors import InternalError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.reach import must
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.volume.access import admitted, current_volume
from lakh.resources.volume.doom import DOOMED, doom
from lakh.resources.volume.end import end_volume
from lakh.resources.volume.on_pool import delete_command
from lakh.resources.volume.row import BY_ID
from lakh.store.statement import TxnSpec


class ExpungeState(State):
    """Which volume."""

    volume_id: int


async def expunging(run: Run[ExpungeState]) -> TxnSpec:
    """Cannot be recovered any more."""
    volume = await current_volume(run)
    if volume.state not in DOOMED:
        raise InternalError(f"Volume {volume.uuid} is {volume.state}: only a destroyed one is expunged")
    txn = TxnSpec("volume.expunging")
    await doom(run.cloud, volume, txn, "Expunging")
    return txn


async def erase(run: Run[ExpungeState]) -> None:
    """Deletes its file."""
    cloud, volume = run.cloud, await current_volume(run)
    if volume.pool_id is not None and volume.path is not None:
        pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
        await must(cloud, endpoint(cloud, pool), delete_command(volume, pool))


async def publish(run: Run[ExpungeState]) -> TxnSpec:
    """The row's end, with its pool's space."""
    txn = TxnSpec("volume.expunged")
    await end_volume(run.cloud, txn, await current_volume(run))
    run.finish(result_json(run, Success(), run.job.command))
    return txn


class ExpungeVolume(JobCommand, internal=True, answer=Success, event="VOLUME.DELETE", instance_type="Volume"):
    """Removes a destroyed volume for good."""

    id: Id = param("the volume", required=True, entity="volume")

    FLOW = Flow(
        ExpungeState,
        Step("expunging", expunging, commits=True),
        Step("erase", erase),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        volume = (await call.cloud.store.rows(BY_ID, self.id))[0]
        return admitted(self, volume, ExpungeState(volume_id=volume.id), "expunging volume")
