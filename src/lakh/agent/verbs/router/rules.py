"""Rule sets of a router. Most are deltas with a `revoked` flag, some carry the whole current list (addendum 2.4)."""

from __future__ import annotations

from lakh.agent.dispatch import verb
from lakh.agent.host import Host
from lakh.agent.router_access import configure
from lakh.wire.message import ROUTING, Message

_DELTAS = {
    "SetFirewallRulesCommand": ("firewall", "rules"),
    "SetIpv6FirewallRulesCommand": ("ipv6 firewall", "rules"),
    "SetPortForwardingRulesCommand": ("port forwarding", "rules"),
    "SetPortForwardingRulesVpcCommand": ("port forwarding", "rules"),
    "SetStaticNatRulesCommand": ("static nat", "rules"),
}
_WHOLE = {
    "SetNetworkACLCommand": ("acl", "rules"),
    "LoadBalancerConfigCommand": ("load balancer", "loadBalancers"),
    "SetStaticRouteCommand": ("static routes", "staticRoutes"),
}


@verb(*(ROUTING + name for name in _DELTAS))
def change_rules(host: Host, command: Message) -> Message:
    kind, field = _DELTAS[command.name]
    rules = [dict(rule) for rule in command.body.get(field) or ()]
    return configure(host, command, lambda router: router.change_rules(kind, rules))


@verb(*(ROUTING + name for name in _WHOLE))
def replace_rules(host: Host, command: Message) -> Message:
    """An ACL is one list per network, told by its interface."""
    kind, field = _WHOLE[command.name]
    nic = command.body.get("nic") or {}
    kept = f"{kind} {nic['mac']}" if kind == "acl" and nic.get("mac") else kind
    rules = [dict(rule) for rule in command.body.get(field) or ()]
    return configure(host, command, lambda router: router.replace_rules(kept, rules))
