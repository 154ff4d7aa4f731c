"""What console proxies say unasked: how many look, and whether one may (addendum 3.4)."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.resources.vm.row import BY_UUID
from lakh.resources.vm.viewers import Viewers
from lakh.wire import names
from lakh.wire.commands.compose import answer
from lakh.wire.message import Message

log = logger(__name__)

SESSIONS_MAX = 10_000


async def answer_console(cloud: Cloud, command: Message) -> Message | None:
    """The answer to a console proxy's own request; None for any other."""
    if command.java_class == names.CONSOLE_PROXY_LOAD_REPORT:
        _take_load(cloud, command.body)
        return answer(command)
    if command.java_class == names.CONSOLE_ACCESS_AUTHENTICATION:
        allowed = await _may_look(cloud, command.body)
        fields: dict[str, Any] = {name: command.body.get(name) for name in ("_host", "_port", "_isReauthenticating")}
        return answer(command, _success=allowed, **fields)
    return None


def _take_load(cloud: Cloud, body: dict[str, Any]) -> None:
    """Counts the open connections of a proxy; a malformed report changes nothing."""
    try:
        load = msgspec.json.decode(str(body.get("_loadInfo") or "{}"), type=dict[str, Any])
        connections = load.get("connections") or []
        cloud.part(Viewers).set(int(body.get("_proxyVmId") or 0), min(len(connections), SESSIONS_MAX))
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        log.warning("load report unreadable", error=str(error)[:200])


async def _may_look(cloud: Cloud, body: dict[str, Any]) -> bool:
    """Who looks must know the VM's VNC password, and the VM must run."""
    rows = await cloud.store.rows(BY_UUID, str(body.get("_vmId") or "").lower())
    if not rows or rows[0].removed_ms is not None or rows[0].state not in ("Running", "Migrating"):
        return False
    return hmac.compare_digest(str(body.get("_sid") or "").encode(), rows[0].vnc_password.encode())
