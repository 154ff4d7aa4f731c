"""CheckOnHostCommand: does the host, or its neighbour, still write its heartbeat (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "CheckOnHostCommand", answer=API + "CheckOnHostAnswer", early=True)
def check_on_host(host: Host, command: Message) -> Message:
    """Alive when asked about itself. Of a neighbour it cannot tell: it has no heartbeat file to read."""
    asked = ((command.body.get("host") or {}).get("privateNetwork") or {}).get("ip")
    if asked and asked != host.facts.private_ip:
        return failed(API + "CheckOnHostAnswer", f"no heartbeat of {asked} to read", determined=False, alive=False)
    return done(API + "CheckOnHostAnswer", details="heart is beating", determined=True, alive=True)
