"""UnPlugNicCommand (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "UnPlugNicCommand", answer=API + "UnPlugNicAnswer")
def unplug_nic(host: Host, command: Message) -> Message:
    host.hypervisor.unplug(command.body["instanceName"], command.body["nic"]["mac"])
    return done(API + "UnPlugNicAnswer", details="success")
