"""Rules on a host for one VM's interfaces (agent-protocol 4.8)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "NetworkRulesSystemVmCommand", API + "NetworkRulesVmSecondaryIpCommand")
def set_vm_rules(host: Host, command: Message) -> Message:
    """Refuses for a VM that is not here."""
    host.hypervisor.domain(command.body["vmName"])
    return done()


@verb(API + "PvlanSetupCommand")
def set_up_pvlan(host: Host, command: Message) -> Message:
    return done()
