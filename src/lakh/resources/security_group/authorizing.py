"""What authorizing ingress and egress share: rules in the admission, rulesets marked with them."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.jobs.flow import Run, State
from lakh.resources.command import Admission, Call, result_json
from lakh.resources.security_group.new_rules import Asked, new_rules
from lakh.resources.security_group.row import (
    BY_ID,
    INSERT_RULE,
    MARK_GROUP,
    RULES_OF,
    SecurityGroupRow,
)
from lakh.resources.security_group.view import security_group_views
from lakh.store.statement import TxnSpec


class AuthorizeState(State):
    group_id: int
    rule_ids: list[int]


async def authorized(run: Run[AuthorizeState]) -> TxnSpec:
    """The members' hosts are told; the answer shows the group with its new rules alone."""
    cloud, state = run.cloud, run.state
    rows = await cloud.store.rows(BY_ID, state.group_id)
    rules = [rule for rule in await cloud.store.rows(RULES_OF, [state.group_id]) if rule.id in state.rule_ids]
    view = (await security_group_views(cloud, rows, rules, members=False))[0]
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("security_group.authorized").add(MARK_GROUP, state.group_id, expect=None)


async def admit_rules(call: Call, group: SecurityGroupRow, direction: str, asked: Asked) -> Admission:
    """The admission of new rules. Raises ParameterError."""
    rules = await new_rules(call, group, direction, asked)
    if not rules:
        raise ParameterError(f"The {direction} rule exists already in security group {group.name}")
    txn = TxnSpec("security_group.authorize")
    for rule in rules:
        txn.put(INSERT_RULE, rule)
    return Admission(
        txn,
        AuthorizeState(group_id=group.id, rule_ids=[rule.id for rule in rules]),
        instance=("SecurityGroup", group.uuid),
        owner=(group.account_id, group.domain_id),
        description=f"authorizing {direction} to group: {group.uuid}",
    )
