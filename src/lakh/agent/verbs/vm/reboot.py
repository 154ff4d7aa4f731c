"""RebootCommand (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "RebootCommand", answer=API + "RebootAnswer")
def reboot(host: Host, command: Message) -> Message:
    """`vncPort` is a display number: the port less 5900."""
    name = command.body["vmName"]
    host.hypervisor.reboot(name)
    return done(API + "RebootAnswer", vncPort=host.hypervisor.domain(name).vnc_port - 5900)


@verb(API + "RebootRouterCommand", answer=API + "RebootAnswer")
def reboot_router(host: Host, command: Message) -> Message:
    return reboot(host, command)
