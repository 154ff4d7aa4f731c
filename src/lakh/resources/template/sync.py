"""What a secondary storage VM says lies on an image store, believed over our own rows (addendum 3.5).

A copy that is there is Ready, whatever our row said, with the size and path found; one that should be there and is not
is downloaded again; a file that no template names is deleted. A refused or empty-handed answer changes nothing.
"""

from __future__ import annotations

from typing import Any

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.template.row import MEASURED, ON_STORE, SYNCED, TemplateRow, TemplateStoreRow
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError
from lakh.wire.commands import system_vm, volume
from lakh.wire.objects import data

log = logger(__name__)


async def sync_templates(cloud: Cloud, host_id: int, store: ImageStoreRow) -> None:
    """Asks the secondary storage VM `host_id` about `store`. Raises HostUnreachableError."""
    target = data.nfs_store(url=store.url, uuid=store.uuid)
    answer = (await cloud.hosts.call(host_id, [system_vm.list_templates(target)], timeout_seconds=300))[0]
    found: dict[str, dict[str, Any]] | None = answer.body.get("templateInfos")
    if not answer.result or found is None:
        log.warning("templates not compared", store=store.name, reason=answer.details)
        return
    templates = await cloud.snapshots.of(TemplateRow)
    for copy in await cloud.store.rows(ON_STORE, store.id):
        template = templates.by_id.get(copy.template_id)
        if template is None or template.removed_ms is not None or template.state != "Active":
            continue
        if copy.state == "Destroying":
            continue  # a deletion broke off, and is to be asked for again
        txn = _corrected(cloud, template, copy, found.get(template.unique_name))
        if txn is None:
            continue
        try:
            await cloud.store.submit(txn)
        except GuardFailedError:
            log.info("template changed while it was compared", template=template.name, store=store.name)
    known = {template.unique_name for template in templates}
    for name, info in found.items():
        if name not in known:
            await _delete(cloud, host_id, store, name, info)


def _corrected(
    cloud: Cloud, template: TemplateRow, copy: TemplateStoreRow, info: dict[str, Any] | None
) -> TxnSpec | None:
    """The correction of one copy's row, None where it is right or cannot be helped."""
    txn, now_ms = TxnSpec("template.sync"), cloud.now_ms()
    if info is not None and not info.get("isCorrupted"):
        path, size = info.get("installPath"), int(info.get("size") or 0)
        physical = int(info.get("physicalSize") or 0)
        if copy.is_ready and (copy.install_path, copy.size_bytes, copy.physical_size_bytes) == (path, size, physical):
            return None
        txn.add(
            SYNCED, copy.template_id, copy.store_id, copy.download_state, "Ready", "DOWNLOADED", 100, path, size,
            physical, None, now_ms,
        )  # fmt: skip
        return txn.add(MEASURED, template.id, size, None) if size and size != template.size_bytes else txn
    if template.url is None:
        log.warning("template is not on its store and cannot be downloaded", template=template.name)
        return None
    if copy.download_state == "NOT_DOWNLOADED":
        return None
    return txn.add(
        SYNCED, copy.template_id, copy.store_id, copy.download_state, "Allocated", "NOT_DOWNLOADED", 0, None, 0, 0,
        None, now_ms,
    )  # fmt: skip


async def _delete(cloud: Cloud, host_id: int, store: ImageStoreRow, name: str, info: dict[str, Any]) -> None:
    """Deletes a file that nobody knows."""
    orphan = data.template(
        id=int(info.get("id") or 0),
        uuid="",
        name=name,
        store=data.nfs_store(url=store.url, uuid=store.uuid),
        path=info.get("installPath"),
    )
    answer = (await cloud.hosts.call(host_id, [volume.delete(orphan)], timeout_seconds=300))[0]
    log.info("unknown template deleted", name=name, store=store.name, done=answer.result)
