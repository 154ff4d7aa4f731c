"""CleanupNetworkRulesCmd: answered at once, and again at every interval with the same sequence (agent-protocol 3.3)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host, RunAgain
from lakh.wire.message import API, Message


@verb(API + "CleanupNetworkRulesCmd", early=True)
def clean_up_network_rules(host: Host, command: Message) -> Message:
    """Forgets the rulesets of VMs that are gone."""
    if host.rulesets:
        running = host.hypervisor.power_report()
        host.rulesets = {name: kept for name, kept in host.rulesets.items() if name in running}
    interval = int(command.body.get("interval") or 0)
    if interval > 0:
        host.wishes.append(RunAgain(float(interval)))
    return done()
