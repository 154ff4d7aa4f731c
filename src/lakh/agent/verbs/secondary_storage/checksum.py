"""ComputeChecksumCommand: the checksum of a template, in `details` (addendum 3.4)."""

from __future__ import annotations

from hashlib import md5

from lakh.agent.dispatch import SECONDARY_STORAGES, done, verb
from lakh.agent.host import SystemVm
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import url_of
from lakh.wire.message import API, Message


@verb(API + "ComputeChecksumCommand", agents=SECONDARY_STORAGES)
def compute_checksum(agent: SystemVm, command: Message) -> Message:
    """Of the path: there is no content."""
    path = command.body.get("templatePath") or ""
    store = command.body.get("store")
    if agent.images.of(url_of(store) if store else "").find(path) is None:
        raise RefusedError(f"{path}: no such file on secondary storage")
    return done(details=md5(path.encode(), usedforsecurity=False).hexdigest())
