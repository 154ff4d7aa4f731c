"""PrepareForMigrationCommand, to the destination (agent-protocol 4.3)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.objects import domain_spec
from lakh.wire.message import API, Message


@verb(API + "PrepareForMigrationCommand", answer=API + "PrepareForMigrationAnswer")
def prepare_for_migration(host: Host, command: Message) -> Message:
    """With rollback=true undoes an earlier one."""
    vm = command.body["vm"]
    if command.body.get("rollback"):
        host.hypervisor.cancel_incoming(vm["name"])
    else:
        host.hypervisor.prepare_incoming(domain_spec(vm))
    return done(API + "PrepareForMigrationAnswer")
