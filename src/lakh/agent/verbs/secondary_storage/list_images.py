"""ListTemplateCommand and ListVolumeCommand: what lies on an image store, truthfully (addendum 3.5).

The server forgets every template that this answer leaves out, its own system VM template included.
"""

from __future__ import annotations

from typing import Any

from lakh.agent.dispatch import SECONDARY_STORAGES, done, verb
from lakh.agent.host import SystemVm
from lakh.agent.images import Image
from lakh.agent.objects import url_of
from lakh.wire.message import STORAGE, Message


@verb(
    STORAGE + "ListTemplateCommand",
    answer=STORAGE + "ListTemplateAnswer",
    agents=SECONDARY_STORAGES,
    early=True,
)
def list_templates(agent: SystemVm, command: Message) -> Message:
    """By unique name."""
    store = agent.images.of(url_of(command.body["store"]))
    found = {image.name: _properties(image, number) for number, image in enumerate(store.of_kind("template"), 1)}
    return done(STORAGE + "ListTemplateAnswer", secUrl=command.body.get("secUrl"), templateInfos=found)


@verb(
    STORAGE + "ListVolumeCommand",
    answer=STORAGE + "ListVolumeAnswer",
    agents=SECONDARY_STORAGES,
    early=True,
)
def list_volumes(agent: SystemVm, command: Message) -> Message:
    """By volume id."""
    store = agent.images.of(url_of(command.body["store"]))
    found = {
        image.name: _properties(image, int(image.name)) for image in store.of_kind("volume") if image.name.isdigit()
    }
    return done(STORAGE + "ListVolumeAnswer", secUrl=command.body.get("secUrl"), templateInfos=found)


def _properties(image: Image, number: int) -> dict[str, Any]:
    return {
        "templateName": image.name,
        "installPath": image.path,
        "size": image.size_bytes,
        "physicalSize": image.physical_bytes,
        "id": number,
        "isPublic": True,
        "isCorrupted": False,
    }
