"""AttachIsoCommand: a disc into or out of a VM's drive (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "AttachIsoCommand", answer=API + "AttachIsoAnswer")
def attach_iso(host: Host, command: Message) -> Message:
    """Refuses for a VM that is not here. A drive's disc is not kept: nothing asks for it."""
    host.hypervisor.domain(command.body["vmName"])
    return done(API + "AttachIsoAnswer", deviceKey=command.body.get("deviceKey"))
