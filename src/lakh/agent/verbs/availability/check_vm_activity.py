"""CheckVMActivityOnStoragePoolCommand, whose sense is inverted: true says that nothing moves (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "CheckVMActivityOnStoragePoolCommand", early=True)
def check_vm_activity(host: Host, command: Message) -> Message:
    return done(details="no activity on the volumes")
