"""How a host reaches the routers that run on it: by name, one aggregation at a time (addendum 2.2).

Between AggregationControl Start and Finish of a router every configuration command is only acknowledged; Finish applies
them all. Queries are answered at once.
"""

from __future__ import annotations

from collections.abc import Callable

from lakh.agent.dispatch import PLAIN, done
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_ON, RefusedError
from lakh.agent.router import Router
from lakh.wire.message import ROUTING, Message

GROUP_ANSWER = ROUTING + "GroupAnswer"
_QUEUED_COMMANDS = 100_000  # of one aggregation; above: refused


def router_of(host: Host, command: Message) -> Router:
    """The router that a command names. Refuses one that does not run here."""
    details = command.body.get("accessDetails") or {}
    name = details.get("router.name") or command.body.get("domRName")
    if not name:
        raise RefusedError(f"{command.name}: accessDetails names no router")
    if host.hypervisor.power(name) != POWER_ON:
        raise RefusedError(f"router {name} is not running on this host")
    return host.routers.of(name)


def configure(host: Host, command: Message, apply: Callable[[Router], object], items: int = 1) -> Message:
    """Applies one configuration command, or queues it. Several items are answered by a GroupAnswer."""
    router = router_of(host, command)
    if router.queued is not None:
        if len(router.queued) >= _QUEUED_COMMANDS:
            raise RefusedError("too many commands between AggregationControl Start and Finish")
        router.queued.append(lambda: apply(router))
        return done(PLAIN)
    apply(router)
    if items <= 1:
        return done(PLAIN)
    return done(GROUP_ANSWER, results=["null - success: applied"] * items)
