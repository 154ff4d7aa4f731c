"""Dedicating a place to an account or a domain: what the four commands share.

Its owner's affinity group of type ExplicitDedication is made with the first place; Instances name it to go there.
"""

from __future__ import annotations

from functools import partial

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.account.cached import Accounts
from lakh.resources.account.ownership import check_domain, find_account
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.affinity_group.placement import DEDICATION
from lakh.resources.affinity_group.row import BY_NAME as GROUPS_BY_NAME
from lakh.resources.affinity_group.row import INSERT as INSERT_GROUP
from lakh.resources.affinity_group.row import AffinityGroupRow
from lakh.resources.command import Admission, Call, result_json
from lakh.resources.dedication.places import Place, place_of, standing, used_by_others
from lakh.resources.dedication.row import INSERT, DedicatedResourceRow
from lakh.resources.dedication.view import dedicated_views
from lakh.resources.domain.tree import DomainTree
from lakh.resources.host.index import HostIndex
from lakh.store.statement import TxnSpec


class DedicateState(State):
    """The row to be: `account_id` None dedicates to the domain."""

    kind: str
    place_id: int
    domain_id: int
    account_id: int | None
    row_id: int
    uuid: str


async def dedicate(run: Run[DedicateState]) -> TxnSpec:
    """Makes the owner's group, where it has none, and the dedication."""
    cloud, state, txn = run.cloud, run.state, TxnSpec("dedicated_resource.dedicate")
    group = await _group(cloud, state, txn)
    row = DedicatedResourceRow(
        state.row_id, state.uuid, state.kind, state.place_id, state.domain_id, state.account_id, group.id
    )
    txn.put(INSERT, row)
    view = (await dedicated_views(cloud, [row], groups={group.id: group.uuid}))[0]
    run.finish(result_json(run, view, run.job.command))
    owner = (state.account_id, state.domain_id)
    run.when_committed(partial(cloud.part(HostIndex).set_dedicated, state.kind, state.place_id, owner))
    return txn


FLOW = Flow(DedicateState, Step("dedicate", dedicate, commits=True))


async def _group(cloud: Cloud, state: DedicateState, txn: TxnSpec) -> AffinityGroupRow:
    """The owner's group; a domain's is the system account's, in that domain."""
    if state.account_id is not None:
        owner = await cloud.part(Accounts).get(state.account_id)
        assert owner is not None
        account_id, name = owner.id, f"DedicatedGrp-{owner.name}"
    else:
        path = (await cloud.part(DomainTree).current()).name_path(state.domain_id)
        account_id, name = SYSTEM_ACCOUNT, f"DedicatedGrp-domain-{path}"
    for known in await cloud.store.rows(GROUPS_BY_NAME, account_id, [name]):
        if known.type == DEDICATION and known.domain_id == state.domain_id:
            return known
    group = AffinityGroupRow(
        id=cloud.id("affinity_group"),
        uuid=cloud.uuid(),
        name=name,
        type=DEDICATION,
        description="dedicated resources group",
        account_id=account_id,
        domain_id=state.domain_id,
        created_ms=cloud.now_ms(),
    )
    txn.put(INSERT_GROUP, group)
    return group


async def admit(call: Call, kind: str, place_id: int, domain_id: int, account: str | None) -> Admission:
    """Raises ParameterError for a place that is dedicated, stands in one of another owner, or is used by others."""
    cloud = call.cloud
    await check_domain(call, domain_id)
    owner = await find_account(call, account, domain_id) if account else None
    place = await place_of(cloud, kind, place_id)
    account_id = owner.id if owner is not None else None
    await _check_free(cloud, place, domain_id, account_id)
    state = DedicateState(
        kind=kind,
        place_id=place.id,
        domain_id=domain_id,
        account_id=account_id,
        row_id=cloud.id("dedicated_resource"),
        uuid=cloud.uuid(),
    )
    return Admission(
        TxnSpec("dedicated_resource.admit"),
        state,
        instance=(kind, place.uuid),
        sync_key=f"dedicate {kind} {place.id}",
        description=f"dedicating {kind.lower()} {place.name}",
    )


async def _check_free(cloud: Cloud, place: Place, domain_id: int, account_id: int | None) -> None:
    tree = await cloud.part(DomainTree).current()
    for known in await standing(cloud, place):
        what = f"{known.kind.lower()} {'' if known.kind == place.kind else 'of '}{place.name}"
        if (known.kind, known.place_id) == (place.kind, place.id):
            raise ParameterError(f"Unable to dedicate {what}: it is dedicated already; release it first")
        theirs = known.account_id not in (None, account_id) or not tree.is_within(domain_id, known.domain_id)
        if theirs:
            raise ParameterError(f"Unable to dedicate {place.name}: the {what} is dedicated to another")
    name = await used_by_others(cloud, place, account_id, tree.subtree(domain_id))
    if name is not None:
        raise ParameterError(
            f"Unable to dedicate {place.name}: Instance {name} of another owner runs there; move or stop it first"
        )
