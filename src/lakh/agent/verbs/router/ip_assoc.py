"""IpAssocCommand, IpAssocVpcCommand, SetSourceNatCommand: a router's public addresses (addendum 2.4)."""

from __future__ import annotations

from lakh.agent.dispatch import verb
from lakh.agent.host import Host
from lakh.agent.router import Router
from lakh.agent.router_access import configure
from lakh.wire.message import ROUTING, Message


@verb(ROUTING + "IpAssocCommand", ROUTING + "IpAssocVpcCommand")
def associate(host: Host, command: Message) -> Message:
    addresses = [
        (str(ip["publicIp"]), bool(ip.get("add")), bool(ip.get("sourceNat")))
        for ip in command.body.get("ipAddresses") or ()
    ]

    def apply(router: Router) -> None:
        for ip, add, source_nat in addresses:
            if add:
                router.addresses[ip] = source_nat
            else:
                router.addresses.pop(ip, None)

    return configure(host, command, apply, items=len(addresses))


@verb(ROUTING + "SetSourceNatCommand")
def set_source_nat(host: Host, command: Message) -> Message:
    ip, add = str(command.body["ipAddress"]["publicIp"]), bool(command.body.get("add"))
    return configure(host, command, lambda router: router.addresses.update({ip: add}))
