"""SetHostParamsCommand: settings of the cloud that an agent must know (agent-protocol 3.3)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "SetHostParamsCommand", early=True)
def set_host_params(host: Host, command: Message) -> Message:
    host.parameters = {**host.parameters, **{str(k): str(v) for k, v in (command.body.get("params") or {}).items()}}
    return done()
