"""CheckRouterCommand: which of a redundant pair is the primary (addendum 2.6)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.router_access import router_of
from lakh.wire.message import API, Message


@verb(API + "CheckRouterCommand", answer=API + "CheckRouterAnswer")
def check_router(host: Host, command: Message) -> Message:
    state = router_of(host, command).redundant_state
    return done(API + "CheckRouterAnswer", details=f"Status: {state}", state=state)
