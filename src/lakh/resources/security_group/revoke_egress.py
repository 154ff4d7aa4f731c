"""revokeSecurityGroupEgress: a rule ends."""

from __future__ import annotations

from lakh.resources.security_group.revoke_rule import RevokeRule
from lakh.resources.security_group.row import EGRESS


class RevokeSecurityGroupEgress(
    RevokeRule,
    event="SG.REVOKE.EGRESS",
    instance_type="SecurityGroup",
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.user.securitygroup.RevokeSecurityGroupEgressCmd",
):
    """Revokes an egress rule of a security group."""

    DIRECTION = EGRESS
