"""CopyCommand to a secondary storage VM: between image stores (addendum 3.4)."""

from __future__ import annotations

from lakh.agent.dispatch import SECONDARY_STORAGES, done, verb
from lakh.agent.host import SystemVm
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import is_primary, store_url, unwrap
from lakh.wire.message import SUBSYSTEM, Message


@verb(SUBSYSTEM + "CopyCommand", answer=SUBSYSTEM + "CopyCmdAnswer", agents=SECONDARY_STORAGES)
def copy_image(agent: SystemVm, command: Message) -> Message:
    """Refuses primary storage, which a secondary storage VM cannot reach, and files that are not there."""
    source = unwrap(command.body["srcTO"])[1]
    java_class, target = next(iter(command.body["destTO"].items()))
    if is_primary(source) or is_primary(target):
        raise RefusedError("a secondary storage VM does not reach primary storage")
    image = agent.images.of(store_url(source)).find(source.get("path") or "")
    if image is None:
        raise RefusedError(f"{source.get('path')}: no such file on secondary storage")
    agent.images.of(store_url(target)).add(image)
    data = {"path": image.path, "size": image.size_bytes, "physicalSize": image.physical_bytes, "format": "QCOW2"}
    return done(SUBSYSTEM + "CopyCmdAnswer", newData={java_class: {**data, "name": image.name}})
