"""Downloading a template to an image store, by way of a secondary storage VM (addendum 3.6).

The row of the copy is all there is: NOT_DOWNLOADED wants a download, DOWNLOAD_IN_PROGRESS is asked about every ten
seconds at the VM that does it. `advance` makes one exchange; the reconciler of downloads calls it until the row says
DOWNLOADED or names an error. So a server that was killed goes on where the rows are, and a zone without a secondary
storage VM downloads when it gets one.
"""

from __future__ import annotations

from typing import Final

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostFact, HostIndex
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.limit.charge import charge_owner
from lakh.resources.limit.row import CHARGE, Usage
from lakh.resources.template.row import DOWNLOADED_SO_FAR, MEASURED, TemplateRow, TemplateStoreRow
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError
from lakh.wire.commands import system_vm
from lakh.wire.message import Message
from lakh.wire.objects.data import nfs_store

log = logger(__name__)

IN_PROGRESS: Final = ("NOT_DOWNLOADED", "DOWNLOAD_IN_PROGRESS")
GIB: Final = 1 << 30
_SILENT: Final = "Timeout waiting for response from storage host"
_LOST: Final = "Storage agent or storage VM disconnected"


def storage_vms(cloud: Cloud, zone_id: int) -> list[HostFact]:
    """The zone's secondary storage VMs that can be asked."""
    return [
        fact
        for fact in cloud.part(HostIndex).system.values()
        if fact.type == "SecondaryStorageVM"
        and fact.zone_id == zone_id
        and fact.connected
        and fact.status in ("Up", "Connecting")
    ]


async def advance(cloud: Cloud, template: TemplateRow, copy: TemplateStoreRow, *, resumed: bool = False) -> None:
    """One exchange about one copy, and what it says stored. `resumed`: another run of the server began the download.

    Does nothing while no secondary storage VM is there.
    """
    store = (await cloud.snapshots.of(ImageStoreRow)).by_id[copy.store_id]
    command = _command(cloud, template, store)
    if copy.download_state == "NOT_DOWNLOADED":
        vms = storage_vms(cloud, copy.zone_id)
        if not vms:
            return
        host = cloud.random.choice(vms)
    else:
        known = cloud.part(HostIndex).system.get(copy.host_id or 0)
        if known is None or known.status not in ("Up", "Connecting"):
            await _store(cloud, template, copy, _failure(copy.remote_job, _LOST), copy.host_id)
            return
        host = known
        request = "GET_OR_RESTART" if resumed else "GET_STATUS"
        command = system_vm.download_progress(copy.remote_job or "", request, of=command)
    answer = await _ask(cloud, host, command)
    if answer is None:
        return
    job = answer.body.get("jobId")
    if copy.remote_job and job != copy.remote_job and not resumed:
        log.info("answer about another download ignored", template=template.name, job=job)
        return
    await _store(cloud, template, copy, answer, host.id)
    if answer.body.get("downloadStatus") == "DOWNLOADED":
        of = _command(cloud, template, store)
        await _ask(cloud, host, system_vm.download_progress(str(job or ""), "PURGE", of=of))


def _command(cloud: Cloud, template: TemplateRow, store: ImageStoreRow) -> Message:
    settings = cloud.part(Settings)
    return system_vm.download(
        id=template.id,
        url=template.url or "",
        name=template.unique_name,
        store=nfs_store(url=store.url, uuid=store.uuid, role=store.role),
        account_id=template.account_id,
        format=template.format,
        hvm=template.requires_hvm,
        description=template.display_text,
        checksum=template.checksum,
        max_bytes=settings.integer("max.template.iso.size") * GIB,
        follow_redirects=settings.flag("store.download.follow.redirects"),
    )


async def _ask(cloud: Cloud, host: HostFact, command: Message) -> Message | None:
    """The answer; a made-up failure when the VM says nothing for too long, None when it was not there to be asked."""
    try:
        return (await cloud.hosts.call(host.id, [command], timeout_seconds=limits.DOWNLOAD_ANSWER_SECONDS))[0]
    except HostUnreachableError as error:
        log.warning("secondary storage VM does not answer", host=host.name, reason=str(error))
        return _failure(command.body.get("jobId"), _SILENT) if error.sent else None


def _failure(job: str | None, text: str) -> Message:
    return Message("", {"jobId": job, "downloadStatus": "DOWNLOAD_ERROR", "errorString": text, "result": False})


async def _store(
    cloud: Cloud, template: TemplateRow, copy: TemplateStoreRow, answer: Message, host_id: int | None
) -> None:
    """Stores what an answer says, unless the row says so already."""
    body = answer.body
    status = str(body.get("downloadStatus") or "UNKNOWN")
    finished = status == "DOWNLOADED"
    state = "Ready" if finished else "Creating" if status in IN_PROGRESS else "Failed"
    error = None if state != "Failed" else body.get("errorString") or answer.details or f"The download is {status}"
    size, physical = int(body.get("templateSize") or 0), int(body.get("templatePhySicalSize") or 0)
    percent = 100 if finished else int(body.get("downloadPct") or 0)
    if state == "Creating" and (copy.download_state, copy.percent) == (status, percent):
        return
    if state == "Failed":
        status = status if status in ("ABANDONED", "LIMIT_REACHED") else "DOWNLOAD_ERROR"
    elif state == "Creating":
        status = "DOWNLOAD_IN_PROGRESS"
    txn = TxnSpec("template.download").add(
        DOWNLOADED_SO_FAR, copy.template_id, copy.store_id, state, status, percent,
        body.get("installPath") or copy.install_path, size, physical, body.get("jobId") or copy.remote_job, error,
        cloud.now_ms(), host_id,
    )  # fmt: skip
    if finished:
        txn.add(MEASURED, template.id, size, body.get("checkSum"))
        usage = Usage(secondary_storage=physical)
        await charge_owner(cloud, txn, template.account_id, template.domain_id, usage)
    try:
        await cloud.store.submit(txn)
    except GuardFailedError as failed:
        if failed.statement == CHARGE.name:
            body = {"jobId": copy.remote_job, "downloadStatus": "LIMIT_REACHED", "errorString": _over_limit(template)}
            await _store(cloud, template, copy, Message("", body), host_id)
            return
        log.info("download overtaken", template=template.name, statement=failed.statement)  # deleted meanwhile
    if state != "Creating":
        log.info("download ended", template=template.name, status=status, error=error)


def _over_limit(template: TemplateRow) -> str:
    return f"Storage space limit exceeded: the file of {template.name} does not fit into its owner's secondary storage"
