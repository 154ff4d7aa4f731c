"""Console proxies: the handler's keys, and who may look (addendum 3.3, 3.4)."""

from __future__ import annotations

from lakh.agent.dispatch import CONSOLE_PROXIES, done, verb
from lakh.agent.host import SystemVm
from lakh.wire.message import PROXY, Message


@verb(PROXY + "StartConsoleProxyAgentHttpHandlerCommand", agents=CONSOLE_PROXIES, early=True)
def start_handler(agent: SystemVm, command: Message) -> Message:
    return done()


@verb(PROXY + "AllowConsoleAccessCommand", agents=CONSOLE_PROXIES)
def allow_access(agent: SystemVm, command: Message) -> Message:
    if not command.body.get("sessionUuid"):
        raise KeyError("sessionUuid")
    return done()
