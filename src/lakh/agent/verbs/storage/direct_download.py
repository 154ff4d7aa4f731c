"""DirectDownloadCommand and CheckUrlCommand: templates straight to primary storage (agent-protocol 4.4)."""

from __future__ import annotations

from urllib.parse import urlsplit

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import template_name
from lakh.wire.message import DIRECT_DOWNLOAD, Message

_SIZE_BYTES = 2 << 30


@verb(
    DIRECT_DOWNLOAD + "HttpDirectDownloadCommand",
    DIRECT_DOWNLOAD + "HttpsDirectDownloadCommand",
    DIRECT_DOWNLOAD + "NfsDirectDownloadCommand",
    DIRECT_DOWNLOAD + "MetalinkDirectDownloadCommand",
    answer=DIRECT_DOWNLOAD + "DirectDownloadAnswer",
)
def direct_download(host: Host, command: Message) -> Message:
    body = command.body
    pool = body["destPool"]["uuid"]
    name = template_name(pool, body.get("destData") or {"id": body["templateId"]})
    size = int(body.get("templateSize") or 0) or _SIZE_BYTES
    template = host.hypervisor.copy_template(pool, name, size, size // 4)
    return done(
        DIRECT_DOWNLOAD + "DirectDownloadAnswer",
        templateSize=template.size_bytes,
        installPath=name,
        retryOnOtherHosts=False,
    )


@verb(DIRECT_DOWNLOAD + "CheckUrlCommand", answer=DIRECT_DOWNLOAD + "CheckUrlAnswer")
def check_url(host: Host, command: Message) -> Message:
    url = urlsplit(command.body["url"])
    if not url.scheme or not url.hostname:
        raise RefusedError(f"{command.body['url']} is not a url")
    return done(DIRECT_DOWNLOAD + "CheckUrlAnswer", templateSize=_SIZE_BYTES)
