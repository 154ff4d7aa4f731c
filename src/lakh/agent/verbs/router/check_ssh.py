"""CheckSshCommand: has a system VM come up (agent-protocol 4.8, addendum 2.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, failed, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_ON
from lakh.wire.message import CHECK, Message


@verb(CHECK + "CheckSshCommand", answer=CHECK + "CheckSshAnswer")
def check_ssh(host: Host, command: Message) -> Message:
    name = command.body["name"]
    if host.hypervisor.power(name) != POWER_ON:
        return failed(CHECK + "CheckSshAnswer", f"cannot reach {name}: it does not run on this host")
    return done(CHECK + "CheckSshAnswer")
