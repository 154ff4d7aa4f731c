"""Making a volume's file on a primary pool: a clone of its template there, or an empty disk."""

from __future__ import annotations

from lakh.base.errors import ResourceUnavailableError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.reach import ask
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.install import InstalledTemplates
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.transfer import TEMPLATE, VOLUME, pool_to, template_to, volume_to
from lakh.resources.volume.row import VolumeRow
from lakh.wire.message import SUBSYSTEM, Message


async def create_on_pool(cloud: Cloud, volume: VolumeRow, pool: StoragePoolRow, host_id: int) -> tuple[str, int]:
    """Creates the volume by way of `host_id`; returns (path, size in bytes). Idempotent: the path is the volume's uuid.

    Raises ResourceUnavailableError, HostUnreachableError.
    """
    target = volume_to(volume, pool)
    if volume.template_id is not None:
        templates = await cloud.snapshots.of(TemplateRow)
        template = templates.by_id[volume.template_id]
        installed = await cloud.part(InstalledTemplates).on_pool(template, pool, host_id)
        source = template_to(template, pool_to(pool), installed.install_path, installed.size_bytes)
        command = Message(
            SUBSYSTEM + "CopyCommand",
            {
                "srcTO": {TEMPLATE: source},
                "destTO": {VOLUME: target},
                "executeInSequence": True,
                "options": {},
                "options2": {},
                "contextMap": {},
                "wait": 10800,
            },
        )
        field = "newData"
    else:
        command = Message(SUBSYSTEM + "CreateObjectCommand", {"data": {VOLUME: target}, "contextMap": {}, "wait": 0})
        field = "data"
    answer = (await ask(cloud, host_id, command))[0]
    made = (answer.body.get(field) or {}).get(VOLUME)
    if not answer.result or not made or not made.get("path"):
        raise ResourceUnavailableError(f"Unable to create volume {volume.name} on pool {pool.name}: {answer.details}")
    return str(made["path"]), int(made.get("size") or volume.size_bytes)


def delete_command(volume: VolumeRow, pool: StoragePoolRow) -> Message:
    """Deletes the volume's file; a missing one counts as deleted."""
    target = volume_to(volume, pool)
    target["path"] = volume.path or volume.uuid
    return Message(SUBSYSTEM + "DeleteCommand", {"data": {VOLUME: target}, "contextMap": {}, "wait": 0})
