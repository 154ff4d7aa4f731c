"""revokeSecurityGroupIngress: a rule ends."""

from __future__ import annotations

from lakh.resources.security_group.revoke_rule import RevokeRule
from lakh.resources.security_group.row import INGRESS


class RevokeSecurityGroupIngress(
    RevokeRule,
    event="SG.REVOKE.INGRESS",
    instance_type="SecurityGroup",
    java_class="org.apache.cloudstack.api.command.user.securitygroup.RevokeSecurityGroupIngressCmd",
):
    """Revokes an ingress rule of a security group."""

    DIRECTION = INGRESS
