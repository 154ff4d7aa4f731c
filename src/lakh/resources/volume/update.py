"""updateVolume."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.base.ids import is_uuid
from lakh.catalogue.states import machine
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.volume.access import admitted, current_volume, finish_with, owned_volume
from lakh.resources.volume.row import UPDATE, VolumeRow
from lakh.resources.volume.view import VolumeView
from lakh.store.statement import TxnSpec


class UpdateState(State):
    """What changes, by column; None stays."""

    volume_id: int
    name: str | None = None
    path: str | None = None
    chain_info: str | None = None
    state: str | None = None
    pool_id: int | None = None
    display_volume: bool | None = None
    delete_protection: bool | None = None
    uuid: str | None = None


async def publish(run: Run[UpdateState]) -> TxnSpec:
    """The change, and the job's result."""
    volume = await current_volume(run)
    changes = {
        field: value
        for field, value in msgspec.structs.asdict(run.state).items()
        if field != "volume_id" and value is not None
    }
    after: VolumeRow = msgspec.structs.replace(volume, **changes, updated_ms=run.cloud.now_ms())
    await finish_with(run, after)
    return TxnSpec("volume.updated").add(
        UPDATE, after.id, after.name, after.path, after.chain_info, after.state, after.pool_id, after.display_volume,
        after.delete_protection, after.updated_ms, after.uuid,
    )  # fmt: skip


class UpdateVolume(
    JobCommand,
    roles=("Admin",),
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.UpdateVolumeCmdByAdmin",
    event="VOLUME.UPDATE",
    instance_type="Volume",
):
    """Changes what is known of a volume. Its file is not touched."""

    id: Id | None = param("the volume", entity="volume")
    name: str | None = param("new name", since="4.16")
    path: str | None = param("the file's name on its pool", roles=["Admin"])
    chaininfo: str | None = param("the chain of its files", since="4.4", roles=["Admin"])
    state: str | None = param("new state", since="4.3", roles=["Admin"])
    storageid: Id | None = param("the pool it is on", entity="storage_pool", since="4.3", roles=["Admin"])
    displayvolume: bool | None = param("show it to its owner", roles=["Admin"])
    customid: str | None = param("a uuid of one's own choice", since="4.4", roles=["Admin"])
    deleteprotection: bool | None = param("it cannot be deleted", since="4.20.0")

    FLOW = Flow(UpdateState, Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        if self.id is None:
            raise ParameterError("Unable to execute API command updatevolume due to missing parameter id")
        volume = await owned_volume(call, self.id)
        states = machine("Volume.State").states
        if self.state is not None and self.state not in states:
            raise ParameterError(f"Invalid volume state {self.state[:64]}: give one of {', '.join(states)}")
        if self.customid is not None and not is_uuid(self.customid):
            raise ParameterError(f"customid must be a uuid; {self.customid[:64]} is not")
        state = UpdateState(
            volume_id=volume.id,
            name=self.name,
            path=self.path,
            chain_info=self.chaininfo,
            state=self.state,
            pool_id=self.storageid,
            display_volume=self.displayvolume,
            delete_protection=self.deleteprotection,
            uuid=self.customid,
        )
        return admitted(self, volume, state, "updating volume")
