"""HandleConfigDriveIsoCommand: where the config drive was put (agent-protocol 4.2)."""

from __future__ import annotations

import base64
import binascii

from lakh.agent.dispatch import HOSTS, SECONDARY_STORAGES, done, verb
from lakh.agent.host import Agent
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import unwrap
from lakh.wire.message import API, Message


@verb(API + "HandleConfigDriveIsoCommand", answer=API + "HandleConfigDriveIsoAnswer", agents=HOSTS + SECONDARY_STORAGES)
def handle_config_drive(agent: Agent, command: Message) -> Message:
    """Refuses a file without content or name. The content is checked and not kept."""
    body = command.body
    if not body.get("isoFile"):
        raise RefusedError("no name for the config drive")
    if body.get("create"):
        try:
            content = base64.b64decode(body.get("isoData") or "", validate=False)
        except binascii.Error as error:
            raise RefusedError(f"config drive content: {error}") from None
        if not content:
            raise RefusedError("the config drive has no content")
    return done(API + "HandleConfigDriveIsoAnswer", location=_location(body))


def _location(body: dict[str, object]) -> str:
    store = body.get("destStore")
    if body.get("preferHostCache") or not isinstance(store, dict):
        return "HOST"
    return "PRIMARY" if unwrap(store)[0] == "PrimaryDataStoreTO" else "SECONDARY"
