"""listPortForwardingRules: there are none yet. libcloud asks for them with every list of its nodes."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id, Pairs
from lakh.contract.view import View
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand


class PortForwardingRuleView(View):
    OBJECT: ClassVar[str] = "portforwardingrule"

    id: str | None = None
    protocol: str | None = None
    publicport: str | None = None
    privateport: str | None = None
    ipaddress: str | None = None
    virtualmachineid: str | None = None
    state: str | None = None


class ListPortForwardingRules(
    OwnedListCommand,
    answer=PortForwardingRuleView,
    java_class="org.apache.cloudstack.api.command.user.firewall.ListPortForwardingRulesCmd",
):
    """Lists port forwarding rules."""

    id: Id | None = param("this rule", entity="port_forwarding_rule")
    ipaddressid: Id | None = param("the rules of this public address", entity="ip_address")
    networkid: Id | None = param("the rules of this network", since="4.3", entity="network")
    tags: Pairs = param("the rules with one of these tags")

    async def run(self, call: Call) -> Listed:
        await owned_scope(call, self)
        self.window()
        return Listed(0, [])
