"""AggregationControlCommand: gather configuration commands, then apply them at once (addendum 2.2)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError
from lakh.agent.router_access import router_of
from lakh.wire.message import ROUTING, Message


@verb(ROUTING + "AggregationControlCommand")
def aggregation(host: Host, command: Message) -> Message:
    """Start forgets what an earlier, unfinished aggregation had gathered."""
    router = router_of(host, command)
    action = command.body["action"]
    if action == "Start":
        router.queued = []
        return done()
    if action != "Finish":
        raise RefusedError(f"action {action!r}: Start or Finish")
    gathered, router.queued = router.queued or [], None
    for apply in gathered:
        apply()
    return done(details=f"{len(gathered)} commands applied" if gathered else "nothing to apply")
