"""MigrateCommand, to the source, and what stands around it (agent-protocol 4.3)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.objects import file_name
from lakh.wire.message import API, Message


@verb(API + "MigrateCommand", answer=API + "MigrateAnswer")
def migrate(host: Host, command: Message) -> Message:
    """From the answer on the VM is on the destination only. Disks in `migrateStorage` stay, their contents move."""
    name = command.body["vmName"]
    display = host.hypervisor.domain(name).vnc_port - 5900
    left_behind = {file_name(path) for path in command.body.get("migrateStorage") or ()}
    host.hypervisor.migrate(name, command.body["destinationIp"], left_behind)
    if host.rulesets:
        host.rulesets.pop(name, None)
    return done(API + "MigrateAnswer", vncPort=display)


@verb(API + "PreMigrationCommand")
def before_migration(host: Host, command: Message) -> Message:
    return done()


@verb(API + "PostMigrationCommand", answer=API + "PostMigrationAnswer")
def after_migration(host: Host, command: Message) -> Message:
    return done(API + "PostMigrationAnswer")
