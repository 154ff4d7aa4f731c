"""CheckOnHostCommand: does the host, or its neighbour, still write its heartbeat (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message

ANSWER = API + "CheckOnHostAnswer"


@verb(API + "CheckOnHostCommand", answer=ANSWER, early=True)
def check_on_host(host: Host, command: Message) -> Message:
    """Alive when asked about itself; of a neighbour, what its heartbeat on shared storage tells, if there is one."""
    asked = ((command.body.get("host") or {}).get("privateNetwork") or {}).get("ip") or host.facts.private_ip
    alive = True if asked == host.facts.private_ip else host.hypervisor.beats(asked)
    if alive is None:
        return failed(ANSWER, f"no heartbeat of {asked} to read", determined=False, alive=False)
    return done(ANSWER, details="heart is beating" if alive else "heart is not beating", determined=True, alive=alive)
