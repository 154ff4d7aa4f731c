"""What authorizing ingress and egress share: rules and what tells hosts of them, stored with the job's end."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.jobs.flow import Run, State
from lakh.resources.command import Admission, Call, result_json
from lakh.resources.security_group.access import line_of
from lakh.resources.security_group.new_rules import Asked, known_rules, new_rules, what_it_says
from lakh.resources.security_group.row import (
    BY_ID,
    INSERT_RULE,
    LIVE,
    MARK_GROUP,
    SecurityGroupRow,
    SecurityGroupRuleRow,
)
from lakh.resources.security_group.view import security_group_views
from lakh.store.statement import TxnSpec


class AuthorizeState(State):
    """The rules that were not there when they were asked for."""

    group_id: int
    rules: list[SecurityGroupRuleRow]


async def authorized(run: Run[AuthorizeState]) -> TxnSpec:
    """The rules are there and the members' hosts are told; the answer shows the group with its new rules alone."""
    cloud, group_id = run.cloud, run.state.group_id
    group = (await cloud.store.rows(BY_ID, group_id))[0]
    if group.removed_ms is not None:
        raise ParameterError(f"Security group {group.name} was deleted meanwhile")
    known = await known_rules(cloud, group_id)
    rules = [rule for rule in run.state.rules if what_it_says(rule) not in known]
    view = (await security_group_views(cloud, [group], rules, members=False))[0]
    run.finish(result_json(run, view, run.job.command))
    txn = TxnSpec("security_group.authorized")
    for named in sorted({group_id, *(r.allowed_group_id for r in rules if r.allowed_group_id is not None)}):
        txn.add(LIVE, named)
    for rule in rules:
        txn.put(INSERT_RULE, rule)
    return txn.add(MARK_GROUP, group_id, expect=None)


async def admit_rules(call: Call, group: SecurityGroupRow, direction: str, asked: Asked) -> Admission:
    """The admission of new rules. Raises ParameterError."""
    rules = await new_rules(call, group, direction, asked)
    if not rules:
        raise ParameterError(f"The {direction} rule exists already in security group {group.name}")
    return Admission(
        TxnSpec("security_group.authorize"),
        AuthorizeState(group_id=group.id, rules=rules),
        instance=("SecurityGroup", group.uuid),
        sync_key=line_of(group.id),
        owner=(group.account_id, group.domain_id),
        description=f"authorizing {direction} to group: {group.uuid}",
    )
