"""Making a volume's file on a primary pool: a clone of its template there, or an empty disk."""

from __future__ import annotations

from typing import Any, Final

from lakh.jobs.flow import Run
from lakh.resources.host.reach import HostRefusedError, ask, must
from lakh.resources.host.silence import noting_silence, until_heard
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.install import InstalledTemplates
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.transfer import TEMPLATE, VOLUME, pool_to, template_to, volume_to
from lakh.resources.volume.row import VolumeRow
from lakh.wire.message import SUBSYSTEM, Message

COPY_SECONDS: Final = 10800
"""An agent ends a copy that takes longer; so long its answer is waited for."""


async def create_on_pool(run: Run[Any], volume: VolumeRow, pool: StoragePoolRow, host_id: int) -> tuple[str, int]:
    """Creates the volume by way of `host_id`; returns (path, size in bytes). Idempotent: the path is the volume's uuid.

    The run's state is a SilenceState. Raises HostRefusedError, ResourceUnavailableError, HostUnreachableError.
    """
    cloud = run.cloud
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
                "wait": COPY_SECONDS,
            },
        )
        field, timeout_seconds = "newData", float(COPY_SECONDS)
    else:
        command = Message(SUBSYSTEM + "CreateObjectCommand", {"data": {VOLUME: target}, "contextMap": {}, "wait": 0})
        field, timeout_seconds = "data", 1800.0
    with noting_silence(run):
        answer = (await ask(cloud, host_id, command, timeout_seconds=timeout_seconds))[0]
    made = (answer.body.get(field) or {}).get(VOLUME)
    if not answer.result or not made or not made.get("path"):
        raise HostRefusedError(f"Unable to create volume {volume.name} on pool {pool.name}: {answer.details}")
    return str(made["path"]), int(made.get("size") or volume.size_bytes)


async def delete_from_pool(
    run: Run[Any], volume: VolumeRow, pool: StoragePoolRow, preferred_host_id: int | None = None
) -> None:
    """Undoes `create_on_pool`, once no host may make the file yet, by way of any that reaches the pool.

    Raises ResourceUnavailableError, HostUnreachableError to be repeated.
    """
    await until_heard(run)
    with noting_silence(run):
        await must(run.cloud, endpoint(run.cloud, pool, preferred_host_id), delete_command(volume, pool))


def delete_command(volume: VolumeRow, pool: StoragePoolRow) -> Message:
    """Deletes the volume's file; a missing one counts as deleted."""
    target = volume_to(volume, pool)
    target["path"] = volume.path or volume.uuid
    return Message(SUBSYSTEM + "DeleteCommand", {"data": {VOLUME: target}, "contextMap": {}, "wait": 0})
