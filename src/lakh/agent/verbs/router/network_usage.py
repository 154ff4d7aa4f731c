"""NetworkUsageCommand: bytes through a router's public side (addendum 2.6)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.router_access import router_of
from lakh.wire.message import API, Message


@verb(API + "NetworkUsageCommand", answer=API + "NetworkUsageAnswer")
def network_usage(host: Host, command: Message) -> Message:
    """Counters grow while the router runs; `create` and the like only set the counting up."""
    router_of(host, command)
    name = command.body["domRName"]
    sent = received = 0
    if command.body.get("option") == "get":
        usage = host.hypervisor.domain_usage(name)
        sent, received = usage.network_write_bytes, usage.network_read_bytes
    return done(API + "NetworkUsageAnswer", routerName=name, bytesSent=sent, bytesReceived=received)
