"""Commands that filter VMs' traffic on their host (agent-protocol 4.8, addendum 1.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields


class GroupRule(NamedTuple):
    """One rule of a security group as a host applies it. `protocol` tcp, udp, icmp, all; ports are types for icmp."""

    protocol: str
    start_port: int
    end_port: int
    cidrs: tuple[str, ...]

    @property
    def body(self) -> Fields:
        return {
            "proto": self.protocol,
            "startPort": self.start_port,
            "endPort": self.end_port,
            "allowedCidrs": list(self.cidrs),
        }


def group_rules(
    *,
    vm_id: int,
    vm_name: str,
    guest_ip: str,
    guest_mac: str,
    management_server_id: int,
    sequence: int,
    ingress: Sequence[GroupRule],
    egress: Sequence[GroupRule],
    secondary_ips: Sequence[str] = (),
    guest_ip6: str | None = None,
    vm: Fields | None = None,
) -> Message:
    """A VM's whole ruleset; `sequence` comes back in pings, so that a lost or old one is seen.

    A host that already has the ruleset of this signature may skip it.
    """
    return command(
        names.SECURITY_GROUP_RULES,
        guestIp=guest_ip,
        guestIp6=guest_ip6,
        guestMac=guest_mac,
        vmName=vm_name,
        vmId=vm_id,
        msId=management_server_id,
        seqNum=sequence,
        signature=_signature(ingress, egress),
        ingressRuleSet=[rule.body for rule in ingress],
        egressRuleSet=[rule.body for rule in egress],
        secIps=list(secondary_ips),
        vmTO=vm,
    )


def _signature(ingress: Sequence[GroupRule], egress: Sequence[GroupRule]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for way, rules in (("I", ingress), ("E", egress)):
        for rule in sorted(rules):
            cidrs = ",".join(sorted(rule.cidrs))
            digest.update(f"{way}:{rule.protocol}:{rule.start_port}:{rule.end_port}:{cidrs};".encode())
    return digest.hexdigest()


def system_vm_rules(vm_name: str, *, type: str) -> Message:
    """Lets a system VM's traffic through; `type`: its VirtualMachine.Type."""
    return command(names.NETWORK_RULES_SYSTEM_VM, vmName=vm_name, type=type)


def secondary_ip_rules(vm_name: str, *, type: str, ip: str, mac: str, add: bool) -> Message:
    return command(
        names.NETWORK_RULES_VM_SECONDARY_IP,
        vmName=vm_name,
        type=type,
        vmSecIp=ip,
        vmMac=mac,
        action="-A" if add else "-D",
    )
