"""SecStorageSetupCommand, SecStorageVMSetupCommand, SecStorageFirewallCfgCommand (addendum 3.3)."""

from __future__ import annotations

from hashlib import md5
from uuid import UUID

from lakh.agent.dispatch import SECONDARY_STORAGES, done, verb
from lakh.agent.host import SystemVm
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import url_of
from lakh.wire.message import API, Message


@verb(
    API + "SecStorageSetupCommand",
    answer=API + "SecStorageSetupAnswer",
    agents=SECONDARY_STORAGES,
    early=True,
)
def set_up_store(agent: SystemVm, command: Message) -> Message:
    """Mounts an image store. `_dir`: the mount's folder, a version 3 uuid of the url."""
    url = command.body.get("secUrl") or url_of(command.body["store"])
    if not url:
        raise RefusedError("the image store has no url")
    agent.images.of(url_of(command.body["store"]) or url)
    folder = UUID(bytes=md5(url.encode(), usedforsecurity=False).digest(), version=3)
    return done(API + "SecStorageSetupAnswer", _dir=str(folder))


@verb(
    API + "SecStorageVMSetupCommand",
    API + "SecStorageFirewallCfgCommand",
    agents=SECONDARY_STORAGES,
    early=True,
)
def set_up_vm(agent: SystemVm, command: Message) -> Message:
    return done()
