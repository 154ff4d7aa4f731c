"""AttachCommand: a volume or an ISO to a running VM (agent-protocol 4.4)."""

from __future__ import annotations

from lakh.agent.dispatch import PLAIN, done, verb
from lakh.agent.host import Host
from lakh.agent.objects import disk_spec
from lakh.wire.message import SUBSYSTEM, Message


@verb(SUBSYSTEM + "AttachCommand", answer=SUBSYSTEM + "AttachAnswer")
def attach(host: Host, command: Message) -> Message:
    """The answer gives the request's disk back; for an ISO it is a plain answer."""
    disk, name = command.body["disk"], command.body["vmName"]
    if disk.get("type") == "ISO":
        host.hypervisor.domain(name)
        return done(PLAIN)
    spec = disk_spec(disk)
    host.hypervisor.attach(name, spec)
    return done(SUBSYSTEM + "AttachAnswer", disk={**disk, "diskSeq": spec.device_id, "path": spec.volume})
