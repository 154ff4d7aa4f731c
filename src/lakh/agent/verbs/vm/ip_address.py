"""GetVmIpAddressCommand: the address a guest took, in `details` (agent-protocol 4.2)."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "GetVmIpAddressCommand")
def get_ip_address(host: Host, command: Message) -> Message:
    """By interface where one is named, else the first address within the network."""
    body = command.body
    network = ip_network(body["vmNetworkCidr"], strict=False) if body.get("vmNetworkCidr") else None
    mac = (body.get("macAddress") or "").lower()
    for nic in host.hypervisor.domain(body["vmName"]).spec.nics:
        inside = nic.ip and (network is None or ip_address(nic.ip) in network)
        if inside and (not mac or nic.mac == mac):
            return done(details=nic.ip)
    return failed("com.cloud.agent.api.Answer", "no address of this network found")
