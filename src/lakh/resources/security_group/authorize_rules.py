"""What authorizing ingress and egress rules have in common: all but the direction."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id, Pairs, Strings
from lakh.jobs.flow import Flow, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.security_group.access import named_group
from lakh.resources.security_group.authorizing import AuthorizeState, admit_rules, authorized
from lakh.resources.security_group.new_rules import Asked


class AuthorizeRules(JobCommand, abstract=True):
    """Its parameters, admission and flow; `DIRECTION` is INGRESS or EGRESS."""

    DIRECTION: ClassVar[str]

    securitygroupid: Id | None = param("the group; not together with its name", entity="security_group")
    securitygroupname: str | None = param("the name of the group")
    protocol: str | None = param("tcp, udp, icmp or all")
    startport: int | None = param("the first port")
    endport: int | None = param("the last port; the first one by default")
    icmptype: int | None = param("the type of icmp messages; -1 for all")
    icmpcode: int | None = param("the code of icmp messages; -1 for all")
    cidrlist: Strings = param("subnets, comma-separated")
    usersecuritygrouplist: Pairs = param(
        "groups whose Instances are let through: usersecuritygrouplist[0].account, .group"
    )
    account: str | None = param("the account that owns the group; needs domainid")
    domainid: Id | None = param("the domain of the account", entity="domain")
    projectid: Id | None = param("the project that owns the group", entity="project")

    FLOW = Flow(AuthorizeState, Step("authorized", authorized, commits=True))

    async def admit(self, call: Call) -> Admission:
        group = await named_group(
            call,
            self.securitygroupid,
            self.securitygroupname,
            self.account,
            self.domainid,
            self.projectid,
            ("securitygroupid", "securitygroupname"),
        )
        asked = Asked(
            self.protocol,
            self.startport,
            self.endport,
            self.icmptype,
            self.icmpcode,
            self.cidrlist,
            self.usersecuritygrouplist,
        )
        return await admit_rules(call, group, self.DIRECTION, asked)
