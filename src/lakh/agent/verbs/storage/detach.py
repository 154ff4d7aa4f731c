"""DettachCommand, which is its real name (agent-protocol 4.4)."""

from __future__ import annotations

from lakh.agent.dispatch import PLAIN, done, verb
from lakh.agent.host import Host
from lakh.agent.objects import disk_spec
from lakh.wire.message import SUBSYSTEM, Message


@verb(SUBSYSTEM + "DettachCommand", answer=SUBSYSTEM + "DettachAnswer")
def detach(host: Host, command: Message) -> Message:
    disk, name = command.body["disk"], command.body["vmName"]
    if disk.get("type") == "ISO":
        host.hypervisor.domain(name)
        return done(PLAIN)
    host.hypervisor.detach(name, disk_spec(disk))
    return done(SUBSYSTEM + "DettachAnswer", disk=disk)
