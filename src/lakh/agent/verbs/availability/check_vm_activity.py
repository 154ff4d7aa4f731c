"""CheckVMActivityOnStoragePoolCommand, whose sense is inverted: true says that nothing moves (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import PLAIN, done, failed, verb
from lakh.agent.host import Host
from lakh.agent.objects import file_name, filer_spec
from lakh.wire.message import API, Message


@verb(API + "CheckVMActivityOnStoragePoolCommand", early=True)
def check_vm_activity(host: Host, command: Message) -> Message:
    """A volume that some host has open counts as activity. `volumeList`: paths with a comma after each."""
    pool = filer_spec(command.body["pool"]).uuid
    for path in filter(None, (command.body.get("volumeList") or "").split(",")):
        if host.hypervisor.is_open(pool, file_name(path)):
            return failed(PLAIN, f"{path} is being written to")
    return done(details="no activity on the volumes")
