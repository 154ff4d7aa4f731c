"""RollingMaintenanceCommand: this host has no maintenance scripts (agent-protocol 4.9)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "RollingMaintenanceCommand", answer=API + "RollingMaintenanceAnswer")
def rolling_maintenance(host: Host, command: Message) -> Message:
    """The last field's name is misspelt on the wire."""
    return done(
        API + "RollingMaintenanceAnswer",
        details="no script for this stage",
        finished=True,
        avoidMaintenance=False,
        maintenaceScriptDefined=False,
    )
