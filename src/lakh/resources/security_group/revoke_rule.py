"""What revoking ingress and egress rules have in common: all but the direction."""

from __future__ import annotations

from typing import ClassVar

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.security_group.access import group_by_id, line_of
from lakh.resources.security_group.row import MARK_GROUP, REMOVE_RULE, RULE
from lakh.store.statement import TxnSpec


class RevokeState(State):
    group_id: int
    rule_id: int


async def revoked(run: Run[RevokeState]) -> TxnSpec:
    """The rule's end, which the members' hosts are told in the same commit."""
    state, txn = run.state, TxnSpec("security_group.revoked")
    if (await run.cloud.store.rows(RULE, state.rule_id))[0].removed_ms is None:
        txn.add(REMOVE_RULE, state.rule_id, run.cloud.now_ms())
    return txn.add(MARK_GROUP, state.group_id, expect=None)


class RevokeRule(JobCommand, abstract=True):
    """Its parameter, admission and flow; `DIRECTION` is INGRESS or EGRESS."""

    DIRECTION: ClassVar[str]

    id: Id = param("the rule", required=True, entity="security_group_rule")

    FLOW = Flow(RevokeState, Step("revoked", revoked, commits=True))

    async def admit(self, call: Call) -> Admission:
        rows = await call.cloud.store.rows(RULE, self.id)
        if not rows or rows[0].removed_ms is not None or rows[0].direction != self.DIRECTION:
            raise ParameterError(
                f"Unable to find the {self.DIRECTION} rule by id; listSecurityGroups shows each group's rules"
            )
        group = await group_by_id(call, rows[0].group_id, "id")
        return Admission(
            TxnSpec("security_group.revoke"),
            RevokeState(group_id=group.id, rule_id=rows[0].id),
            instance=("SecurityGroup", group.uuid),
            sync_key=line_of(group.id),
            owner=(group.account_id, group.domain_id),
            description=f"revoking {self.DIRECTION} rule id: {rows[0].uuid}",
        )
