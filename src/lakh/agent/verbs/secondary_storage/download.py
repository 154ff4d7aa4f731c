"""DownloadCommand and DownloadProgressCommand: fetch a template or volume by URL (addendum 3.6).

Nothing is fetched: a download takes as long as the fleet's behaviour says and leaves a file of a plausible size. A job
is remembered until the server purges it; a repeated DownloadCommand for the same target finds the same job.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

from lakh.agent.dispatch import SECONDARY_STORAGES, done, failed, verb
from lakh.agent.host import Download, SystemVm
from lakh.agent.hypervisor import RefusedError
from lakh.agent.images import Image
from lakh.agent.objects import url_of
from lakh.wire.message import STORAGE, SUBSYSTEM, Message

ANSWER = STORAGE + "DownloadAnswer"
_DOWNLOADS = 1000  # jobs remembered by one agent; above: the oldest finished one goes
_PHYSICAL_BYTES = 512 << 20
_SIZE_BYTES = 2 << 30


@verb(SUBSYSTEM + "DownloadCommand", answer=ANSWER, agents=SECONDARY_STORAGES)
def download(agent: SystemVm, command: Message) -> Message:
    return _report(agent, command.body, _job(agent, command.body))


@verb(SUBSYSTEM + "DownloadProgressCommand", answer=ANSWER, agents=SECONDARY_STORAGES)
def download_progress(agent: SystemVm, command: Message) -> Message:
    """GET_STATUS of an unknown job says UNKNOWN, which the server takes as an error; GET_OR_RESTART starts it anew."""
    body = command.body
    request, job = body.get("request"), body.get("jobId") or ""
    if request in ("GET_OR_RESTART", "RESTART"):
        if request == "RESTART":
            agent.downloads.pop(job, None)
        return _report(agent, body, job if job in agent.downloads else _job(agent, body))
    if job not in agent.downloads:
        return done(ANSWER, jobId=job, downloadPct=0, downloadStatus="UNKNOWN", errorString="no such download")
    if request == "ABORT":
        del agent.downloads[job]
        return done(ANSWER, jobId=job, downloadPct=0, downloadStatus="ABANDONED", errorString="aborted")
    answer = _report(agent, body, job)
    if request == "PURGE":
        del agent.downloads[job]
    return answer


def _job(agent: SystemVm, body: dict[str, Any]) -> str:
    """The job of a download, a new one where there is none. Refuses what is not a url."""
    url = body["url"]
    parts = urlsplit(url)
    if not parts.scheme or not (parts.hostname or parts.path):
        raise RefusedError(f"{url} is not a url")
    folder = (body.get("installPath") or f"template/tmpl/{body.get('accountId')}/{body.get('id')}/").rstrip("/")
    job = str(uuid5(NAMESPACE_URL, f"{agent.name} {folder} {url}"))
    if job in agent.downloads:
        return job
    if len(agent.downloads) >= _DOWNLOADS:
        del agent.downloads[next(iter(agent.downloads))]
    physical = _PHYSICAL_BYTES + crc32(url.encode()) % (64 << 20)
    limit = int(body.get("maxDownloadSizeInBytes") or 0)
    ending = str(body.get("format") or "QCOW2").lower()
    path = f"{folder}/{uuid5(NAMESPACE_URL, job)}.{ending}"
    started = agent.clock.monotonic()
    size = physical if ending == "iso" else _SIZE_BYTES
    agent.downloads[job] = Download(url, path, size, physical, started, agent.download_seconds)
    if 0 < limit < physical:
        agent.downloads[job].seconds = -1.0
    return job


def _report(agent: SystemVm, body: dict[str, Any], job: str) -> Message:
    """How far a download is; a finished one lies on the store from here on."""
    work = agent.downloads[job]
    if work.seconds < 0:
        text = "the file is larger than allowed"
        return failed(ANSWER, text, jobId=job, downloadPct=0, downloadStatus="DOWNLOAD_ERROR", errorString=text)
    percent = work.percent(agent.clock.monotonic())
    finished = percent >= 100
    if finished and not work.stored:
        kind = "volume" if body.get("resourceType") == "VOLUME" else "template"
        name = str(body.get("id") or "") if kind == "volume" else str(body.get("name") or body.get("id") or "")
        store = body.get("_store") or body.get("store")
        url = url_of(store) if store else ""
        agent.images.of(url).add(Image(name, work.install_path, kind, work.size_bytes, work.physical_bytes))
        work.stored = True
    return done(
        ANSWER,
        jobId=job,
        downloadPct=percent,
        downloadStatus="DOWNLOADED" if finished else "DOWNLOAD_IN_PROGRESS",
        errorString="Install completed successfully" if finished else "",
        downloadPath=f"/mnt/SecStorage/{work.install_path}",
        installPath=work.install_path,
        templateSize=work.size_bytes if finished else 0,
        templatePhySicalSize=work.physical_bytes if finished else work.physical_bytes * percent // 100,
        checkSum=f"{crc32(work.url.encode()):032x}" if finished else None,
    )
