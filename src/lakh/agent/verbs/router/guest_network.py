"""SetupGuestNetworkCommand: a tier of a VPC on its router (addendum 2.5)."""

from __future__ import annotations

from lakh.agent.dispatch import verb
from lakh.agent.host import Host
from lakh.agent.router_access import configure
from lakh.wire.message import API, ROUTING, Message


@verb(ROUTING + "SetupGuestNetworkCommand", API + "SetupGuestNetworkCommand")
def set_up_guest_network(host: Host, command: Message) -> Message:
    body = command.body
    network = {"id": body.get("networkId") or (body.get("nic") or {}).get("mac"), "range": body.get("dhcpRange")}
    network["revoked"] = not body.get("add", True)
    return configure(host, command, lambda router: router.change_rules("guest networks", [network]))
