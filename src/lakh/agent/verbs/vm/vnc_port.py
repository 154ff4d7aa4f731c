"""GetVncPortCommand: address and real TCP port of a console (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "GetVncPortCommand", answer=API + "GetVncPortAnswer")
def vnc_port(host: Host, command: Message) -> Message:
    port = host.hypervisor.domain(command.body["name"]).vnc_port
    return done(API + "GetVncPortAnswer", address=host.facts.private_ip, port=port)
