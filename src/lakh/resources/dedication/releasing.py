"""Ending a dedication: what the four commands share."""

from __future__ import annotations

from functools import partial

from lakh.base.errors import ParameterError
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.affinity_group.row import EMPTY, REMOVE
from lakh.resources.command import Admission, Call, result_json
from lakh.resources.dedication.places import place_of
from lakh.resources.dedication.row import OF_PLACE, RELEASE, DedicatedResourceRow
from lakh.resources.host.index import HostIndex
from lakh.store.statement import TxnSpec


class ReleaseState(State):
    """The dedication, and the group of its owner."""

    kind: str
    place_id: int
    row_id: int
    group_id: int


async def release(run: Run[ReleaseState]) -> TxnSpec:
    """Ends the dedication, and with its owner's last one the group."""
    cloud, state = run.cloud, run.state
    run.finish(result_json(run, Success(), run.job.command))
    txn = TxnSpec("dedicated_resource.release").add(RELEASE, state.row_id)
    others = [row for row in await cloud.snapshots.of(DedicatedResourceRow) if row.group_id == state.group_id]
    if all(row.id == state.row_id for row in others):
        txn.add(EMPTY, state.group_id, expect=None).add(REMOVE, state.group_id, cloud.now_ms(), expect=None)
    run.when_committed(partial(cloud.part(HostIndex).set_dedicated, state.kind, state.place_id, None))
    return txn


FLOW = Flow(ReleaseState, Step("release", release, commits=True))


async def admit(call: Call, kind: str, place_id: int) -> Admission:
    """Raises ParameterError where nothing is dedicated."""
    place = await place_of(call.cloud, kind, place_id)
    rows = await call.cloud.store.rows(OF_PLACE, kind, place.id)
    if not rows:
        raise ParameterError(f"Unable to release {kind.lower()} {place.name}: it is not dedicated")
    return Admission(
        TxnSpec("dedicated_resource.release.admit"),
        ReleaseState(kind=kind, place_id=place.id, row_id=rows[0].id, group_id=rows[0].group_id),
        instance=(kind, place.uuid),
        sync_key=f"dedicate {kind} {place.id}",
        description=f"releasing dedicated {kind.lower()} {place.name}",
    )
