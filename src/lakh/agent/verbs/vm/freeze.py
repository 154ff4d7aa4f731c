"""FreezeThawVMCommand: quiesce a guest around a snapshot of its disks (agent-protocol 4.5)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError
from lakh.wire.message import API, Message


@verb(API + "FreezeThawVMCommand", answer=API + "FreezeThawVMAnswer")
def freeze(host: Host, command: Message) -> Message:
    option = command.body.get("option")
    if option not in ("frozen", "thawed", "status"):
        raise RefusedError(f"option {option!r}: frozen, thawed or status")
    host.hypervisor.domain(command.body["vmName"])
    return done(API + "FreezeThawVMAnswer", details="thawed" if option == "status" else option)
