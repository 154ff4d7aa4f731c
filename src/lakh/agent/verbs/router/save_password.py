"""SavePasswordCommand: a password waits on the router for its guest (addendum 2.4). The password is not kept here."""

from __future__ import annotations

from ipaddress import IPv4Address

from lakh.agent.dispatch import verb
from lakh.agent.host import Host
from lakh.agent.router_access import configure
from lakh.wire.message import ROUTING, Message


@verb(ROUTING + "SavePasswordCommand")
def save_password(host: Host, command: Message) -> Message:
    ip = str(IPv4Address(command.body["vmIpAddress"]))
    if not command.body.get("password"):
        raise KeyError("password")
    return configure(host, command, lambda router: router.set_password(ip))
