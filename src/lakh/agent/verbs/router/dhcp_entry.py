"""DhcpEntryCommand: a guest's lease on its router, or the end of it (addendum 2.4)."""

from __future__ import annotations

from ipaddress import IPv4Address

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.router_access import configure
from lakh.wire.message import ROUTING, Message


@verb(ROUTING + "DhcpEntryCommand")
def dhcp_entry(host: Host, command: Message) -> Message:
    body = command.body
    ip, mac = body.get("vmIpAddress") or "", body.get("vmMac") or ""
    if body.get("remove"):
        return configure(host, command, lambda router: router.remove_dhcp(ip, mac))
    if not ip:
        return done() if body.get("vmIp6Address") else _missing()
    IPv4Address(ip)
    return configure(host, command, lambda router: router.set_dhcp(ip, mac, bool(body.get("isDefault"))))


def _missing() -> Message:
    raise KeyError("vmIpAddress")
