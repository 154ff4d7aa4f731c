"""destroyVolume: Destroy, or gone for good at once with `expunge`."""

from __future__ import annotations

from lakh.base.errors import PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.volume.access import admitted, current_volume, finish_with, owned_volume
from lakh.resources.volume.doom import check_deletable, destroy
from lakh.resources.volume.row import BY_ID
from lakh.resources.volume.view import VolumeView
from lakh.store.statement import TxnSpec


class DestroyState(State):
    """Which volume, and whether it goes for good."""

    volume_id: int
    expunge: bool = False


async def doom(run: Run[DestroyState]) -> TxnSpec:
    """State Destroy."""
    txn = TxnSpec("volume.destroy")
    volume = await current_volume(run)
    check_deletable(volume)
    await destroy(run.cloud, volume, txn)
    return txn


async def expunge_now(run: Run[DestroyState]) -> None:
    """For good, where that was asked for. A volume whose host does not answer is expunged later by itself."""
    if run.state.expunge:
        await run.child("expungeVolume", "expunge", id=run.state.volume_id)


async def publish(run: Run[DestroyState]) -> TxnSpec:
    """The job's result."""
    volume = (await run.cloud.store.rows(BY_ID, run.state.volume_id))[0]
    await finish_with(run, volume)
    return TxnSpec("volume.destroyed")


class DestroyVolume(
    JobCommand,
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.DestroyVolumeCmdByAdmin",
    event="VOLUME.DESTROY",
    instance_type="Volume",
    since="4.14.0",
):
    """Destroys a volume; until it is expunged it can be recovered."""

    id: Id = param("the volume", required=True, entity="volume")
    expunge: bool = param("remove it for good at once", default=False, since="4.6.0")

    FLOW = Flow(
        DestroyState,
        Step("destroy", doom, commits=True),
        Step("expunge", expunge_now),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        volume = await owned_volume(call, self.id)
        check_deletable(volume)
        if self.expunge and not may_expunge(call, volume.account_id):
            raise PermissionDeniedError(
                "Expunging a volume can only be done by an Admin."
                " Or when the allow.user.expunge.recover.volume key is set."
            )
        state = DestroyState(volume_id=volume.id, expunge=self.expunge)
        return admitted(self, volume, state, "destroying volume")


def may_expunge(call: Call, account_id: int) -> bool:
    """Users may expunge and recover where `allow.user.expunge.recover.volume` lets them."""
    allowed = call.cloud.part(Settings).flag("allow.user.expunge.recover.volume", ("Account", account_id))
    return call.caller.is_admin or allowed
