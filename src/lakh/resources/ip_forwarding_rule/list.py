"""listIpForwardingRules: there are none yet. libcloud asks for them with every list of its nodes."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Integer, View
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand


class IpForwardingRuleView(View):
    OBJECT: ClassVar[str] = "ipforwardingrule"

    id: str | None = None
    protocol: str | None = None
    startport: Integer | None = None
    endport: Integer | None = None
    ipaddress: str | None = None
    virtualmachineid: str | None = None
    state: str | None = None


class ListIpForwardingRules(
    OwnedListCommand,
    answer=IpForwardingRuleView,
    java_class="org.apache.cloudstack.api.command.user.nat.ListIpForwardingRulesCmd",
):
    """Lists the IP forwarding rules of static NAT."""

    id: Id | None = param("this rule", entity="ip_forwarding_rule")
    ipaddressid: Id | None = param("the rules of this public address", entity="ip_address")
    virtualmachineid: Id | None = param("the rules of this VM", entity="vm")

    async def run(self, call: Call) -> Listed:
        await owned_scope(call, self)
        self.window()
        return Listed(0, [])
