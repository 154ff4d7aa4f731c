"""createAffinityGroup."""

from __future__ import annotations

from lakh.base.errors import LakhError, ParameterError, PermissionDeniedError
from lakh.catalogue.planning import AFFINITY_PROCESSORS
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.account.ownership import owner_of
from lakh.resources.affinity_group.access import GroupState
from lakh.resources.affinity_group.placement import DEDICATION
from lakh.resources.affinity_group.row import BY_IDS, INSERT, AffinityGroupRow
from lakh.resources.affinity_group.view import AffinityGroupView, group_views
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


async def publish(run: Run[GroupState]) -> TxnSpec:
    """The group was made with the job; this shows it."""
    rows = await run.cloud.store.rows(BY_IDS, [run.state.group_id])
    run.finish(result_json(run, (await group_views(run.cloud, rows, members=True))[0], run.job.command))
    return TxnSpec("affinity_group.created")


class CreateAffinityGroup(
    JobCommand,
    creates=True,
    answer=AffinityGroupView,
    java_class="org.apache.cloudstack.api.command.user.affinitygroup.CreateAffinityGroupCmd",
    event="AG.CREATE",
    instance_type="AffinityGroup",
):
    """Creates an affinity group."""

    name: str = param("name of the group", required=True)
    type: str = param("one of the types that listAffinityGroupTypes shows", required=True)
    description: str | None = param("what it is for")
    account: str | None = param("the account it is for; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it is for", entity="project")

    FLOW = Flow(GroupState, Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        if self.type not in AFFINITY_PROCESSORS:
            raise ParameterError(
                f"Unable to create affinity group, type {self.type[:64]!r} is unknown: give one of"
                f" {', '.join(AFFINITY_PROCESSORS)}"
            )
        if self.type == DEDICATION and not call.caller.is_root_admin:
            raise PermissionDeniedError("Only root admins create affinity groups of type ExplicitDedication")
        row = AffinityGroupRow(
            id=call.cloud.id("affinity_group"),
            uuid=call.cloud.uuid(),
            name=self.name,
            type=self.type,
            description=self.description,
            account_id=owner.id,
            domain_id=owner.domain_id,
            created_ms=call.cloud.now_ms(),
        )
        return Admission(
            TxnSpec("affinity_group.create").put(INSERT, row),
            GroupState(group_id=row.id),
            instance=("AffinityGroup", row.uuid),
            created_uuid=row.uuid,
            owner=(owner.id, owner.domain_id),
            description=f"creating affinity group {self.name}",
            refused=self._refused,
        )

    async def _refused(self, lost: LakhError) -> LakhError:
        if isinstance(lost, DuplicateError) and lost.index == "affinity_group_name":
            return ParameterError(f"Unable to create affinity group, a group with name {self.name} already exists")
        return lost
