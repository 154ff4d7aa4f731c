"""VmDataCommand: a guest's user data and metadata (addendum 2.4)."""

from __future__ import annotations

from ipaddress import IPv4Address

from lakh.agent.dispatch import verb
from lakh.agent.host import Host
from lakh.agent.router_access import configure
from lakh.wire.message import ROUTING, Message


@verb(ROUTING + "VmDataCommand")
def vm_data(host: Host, command: Message) -> Message:
    ip = str(IPv4Address(command.body["vmIpAddress"]))
    files = [list(entry) for entry in command.body.get("vmData") or ()]
    return configure(host, command, lambda router: router.set_data(ip, files))
