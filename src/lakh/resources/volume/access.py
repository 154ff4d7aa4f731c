"""Finding the volume that a command names, for a caller who may touch it; and answering with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from lakh.base.errors import ApiError, GoneError, LakhError, ParameterError
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run
from lakh.resources.account.ownership import check_access
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.job.caller import job_caller
from lakh.resources.limit.charge import limit_error
from lakh.resources.limit.row import CHARGE, Usage
from lakh.resources.volume.row import BY_ID, VolumeRow
from lakh.resources.volume.view import volume_views
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError


async def owned_volume(call: Call, volume_id: int, parameter: str = "id") -> VolumeRow:
    """The volume. Raises ParameterError for one that is gone, PermissionDeniedError for another's."""
    rows = await call.cloud.store.rows(BY_ID, volume_id)
    if not rows or rows[0].removed_ms is not None:
        raise ParameterError(f"Unable to find a volume by {parameter} {rows[0].uuid if rows else volume_id}")
    await check_access(call, rows[0].account_id, rows[0].domain_id)
    return rows[0]


async def current_volume(run: Run[Any]) -> VolumeRow:
    """The row of the flow's volume as it is now. Raises GoneError when it is gone."""
    rows = await run.cloud.store.rows(BY_ID, run.state.volume_id)
    if not rows or rows[0].removed_ms is not None:
        raise GoneError(f"Volume {run.state.volume_id} no longer exists")
    return rows[0]


def over_limit(
    cloud: Cloud, account_id: int, domain_id: int, usage: Usage
) -> Callable[[LakhError], Awaitable[LakhError | None]]:
    """An admission's `refused`: says which limit `usage` would pass."""

    async def refused(lost: LakhError) -> LakhError | None:
        if isinstance(lost, GuardFailedError):
            error = await limit_error(cloud, lost, account_id, domain_id, usage)
            if error is lost and lost.statement == CHARGE.name:
                return None  # what stood in its way has been given back meanwhile
            return error if isinstance(error, ApiError) else lost
        return lost

    return refused


def line_of(volume: VolumeRow, vm_id: int | None = None) -> str:
    """The `sync_key` of a volume's jobs: in line with its VM's while it has one."""
    of = volume.vm_id if vm_id is None else vm_id
    return f"volume:{volume.id}" if of is None else f"vm:{of}"


def admitted(
    command: JobCommand,
    volume: VolumeRow,
    state: Any,
    doing: str,
    *,
    txn: TxnSpec | None = None,
    line: str = "",
    usage: Usage | None = None,
    cloud: Cloud | None = None,
) -> Admission:
    """The admission of a job on an existing volume. `doing`: "attaching volume"."""
    return Admission(
        txn or TxnSpec(f"{command.SPEC.name}.admit"),
        state,
        instance=("Volume", volume.uuid),
        sync_key=line or line_of(volume),
        owner=(volume.account_id, volume.domain_id),
        description=f"{doing}: {volume.name}. Volume Id: {volume.uuid}",
        refused=over_limit(cloud, volume.account_id, volume.domain_id, usage) if cloud and usage else None,
    )


async def finish_with(run: Run[Any], volume: VolumeRow) -> None:
    """Makes the volume, as its row will be after this commit, the job's result."""
    view = (await volume_views(run.cloud, [volume], await job_caller(run)))[0]
    run.finish(result_json(run, view, run.job.command))
