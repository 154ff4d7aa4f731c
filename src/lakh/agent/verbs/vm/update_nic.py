"""UpdateVmNicCommand: link up or down (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "UpdateVmNicCommand", answer=API + "UpdateVmNicAnswer")
def update_nic(host: Host, command: Message) -> Message:
    body = command.body
    host.hypervisor.set_link(body["instanceName"], body["nicMacAddress"], bool(body["enabled"]))
    return done(API + "UpdateVmNicAnswer", details="success")
