"""authorizeSecurityGroupEgress: lets traffic out of the group's Instances."""

from __future__ import annotations

from lakh.resources.security_group.authorize_rules import AuthorizeRules
from lakh.resources.security_group.row import EGRESS
from lakh.resources.security_group.view import SecurityGroupView


class AuthorizeSecurityGroupEgress(
    AuthorizeRules,
    answer=SecurityGroupView,
    event="SG.AUTH.EGRESS",
    instance_type="SecurityGroup",
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.user.securitygroup.AuthorizeSecurityGroupEgressCmd",
):
    """Authorizes egress rules of a security group."""

    DIRECTION = EGRESS
