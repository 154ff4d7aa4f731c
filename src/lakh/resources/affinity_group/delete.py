"""deleteAffinityGroup."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.account.ownership import owner_of
from lakh.resources.affinity_group.access import GroupState, affinity_group
from lakh.resources.affinity_group.row import BY_NAME, EMPTY, REMOVE, AffinityGroupRow
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.store.statement import TxnSpec


async def delete(run: Run[GroupState]) -> TxnSpec:
    """The group's end; its VMs are in it no more."""
    run.finish(result_json(run, Success(), run.job.command))
    txn = TxnSpec("affinity_group.delete").add(EMPTY, run.state.group_id, expect=None)
    return txn.add(REMOVE, run.state.group_id, run.cloud.now_ms())


class DeleteAffinityGroup(
    JobCommand,
    answer=Success,
    java_class="org.apache.cloudstack.api.command.user.affinitygroup.DeleteAffinityGroupCmd",
    event="AG.DELETE",
    instance_type="AffinityGroup",
):
    """Deletes an affinity group by its id or its name."""

    id: Id | None = param("the group; not together with its name", entity="affinity_group")
    name: str | None = param("the name of the group")
    account: str | None = param("the account it belongs to; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it belongs to", entity="project")

    FLOW = Flow(GroupState, Step("delete", delete, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await self._group(call)
        return Admission(
            TxnSpec("affinity_group.admit"),
            GroupState(group_id=row.id),
            instance=("AffinityGroup", row.uuid),
            owner=(row.account_id, row.domain_id),
            description=f"deleting affinity group {row.name}",
        )

    async def _group(self, call: Call) -> AffinityGroupRow:
        if (self.id is None) == (self.name is None):
            raise ParameterError("Either the affinity group Id or group name must be specified to delete the group")
        if self.id is not None:
            return await affinity_group(call, self.id)
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        rows = await call.cloud.store.rows(BY_NAME, owner.id, [self.name])
        if not rows:
            raise ParameterError(f"Unable to find affinity group by name {self.name}")
        return rows[0]
