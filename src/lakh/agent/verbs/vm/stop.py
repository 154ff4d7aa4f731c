"""StopCommand: an unknown VM counts as stopped (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message


@verb(API + "StopCommand", answer=API + "StopAnswer", early=True)
def stop(host: Host, command: Message) -> Message:
    """With checkBeforeCleanup a running VM is left alone and the answer says so. A router's configuration goes too."""
    name = command.body["vmName"]
    if command.body.get("checkBeforeCleanup") and host.hypervisor.power(name) != POWER_OFF:
        return failed(API + "StopAnswer", "vm is still running on host")
    stopped = host.hypervisor.stop(name)
    if stopped:
        host.routers.drop(name)
        if host.rulesets:
            host.rulesets.pop(name, None)
    return done(API + "StopAnswer", details="" if stopped else f"{name} is not on this host")
