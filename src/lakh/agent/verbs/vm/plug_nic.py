"""PlugNicCommand and ReplugNicCommand: an interface for a running VM (agent-protocol 4.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.objects import nic_spec
from lakh.wire.message import API, Message


@verb(API + "PlugNicCommand", answer=API + "PlugNicAnswer")
def plug_nic(host: Host, command: Message) -> Message:
    host.hypervisor.plug(command.body["instanceName"], nic_spec(command.body["nic"]))
    return done(API + "PlugNicAnswer", details="success")


@verb(API + "ReplugNicCommand", answer=API + "ReplugNicAnswer")
def replug_nic(host: Host, command: Message) -> Message:
    """The interface must be there; it comes back with the new network."""
    name, nic = command.body["instanceName"], nic_spec(command.body["nic"])
    host.hypervisor.set_link(name, nic.mac, nic.enabled)
    host.hypervisor.unplug(name, nic.mac)
    host.hypervisor.plug(name, nic)
    return done(API + "ReplugNicAnswer", details="success")
