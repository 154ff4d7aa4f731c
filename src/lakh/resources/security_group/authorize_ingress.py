"""authorizeSecurityGroupIngress: lets traffic into the group's Instances."""

from __future__ import annotations

from lakh.resources.security_group.authorize_rules import AuthorizeRules
from lakh.resources.security_group.row import INGRESS
from lakh.resources.security_group.view import SecurityGroupView


class AuthorizeSecurityGroupIngress(
    AuthorizeRules,
    answer=SecurityGroupView,
    event="SG.AUTH.INGRESS",
    instance_type="SecurityGroup",
    java_class="org.apache.cloudstack.api.command.user.securitygroup.AuthorizeSecurityGroupIngressCmd",
):
    """Authorizes ingress rules of a security group."""

    DIRECTION = INGRESS
