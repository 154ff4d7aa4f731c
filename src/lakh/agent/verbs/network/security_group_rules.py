"""SecurityGroupRulesCmd: the ruleset of one VM (agent-protocol 4.8)."""

from __future__ import annotations

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message

ANSWER = API + "SecurityGroupRuleAnswer"


@verb(API + "SecurityGroupRulesCmd", answer=ANSWER)
def set_security_group_rules(host: Host, command: Message) -> Message:
    """Keeps the ruleset's number for the pings. A VM that is not here: PROGRAMMING_FAILED, which the server repeats."""
    body = command.body
    vm_id, number = int(body["vmId"]), int(body.get("seqNum") or 0)
    if host.hypervisor.power(body["vmName"]) == POWER_OFF:
        text = f"{body['vmName']} is not on this host"
        return failed(ANSWER, text, vmId=vm_id, logSequenceNumber=number, reason="PROGRAMMING_FAILED")
    host.set_ruleset(body["vmName"], vm_id, number)
    return done(ANSWER, vmId=vm_id, logSequenceNumber=number, reason="NONE")
