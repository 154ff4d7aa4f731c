"""Asking a host, patiently: an agent that is away for a moment (its gateway died, the server restarted) comes back.

Only for idempotent requests, which all of ours are: what was sent and never answered is sent again.
"""

from __future__ import annotations

from lakh.base import limits
from lakh.base.errors import ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.wire.message import Message


class HostRefusedError(ResourceUnavailableError):
    """A host said no: nothing of what it was asked is there, or will be. Another one may do it."""


async def ask(
    cloud: Cloud,
    host_id: int,
    *commands: Message,
    timeout_seconds: float = 1800.0,
    patience_seconds: float = limits.HOST_PATIENCE_SECONDS,
    stop_on_error: bool = True,
) -> list[Message]:
    """One request to a host, again after a reconnect. Raises HostUnreachableError when it stays away that long; its
    `sent` tells whether any attempt may have reached the host."""
    started = cloud.clock.monotonic()
    sent = False
    while True:
        try:
            _check_ready(cloud, host_id)
            return await cloud.hosts.call(
                host_id, commands, timeout_seconds=timeout_seconds, stop_on_error=stop_on_error
            )
        except HostUnreachableError as error:
            sent = sent or error.sent
            if cloud.clock.monotonic() - started >= patience_seconds:
                raise HostUnreachableError(host_id, "it does not come back", sent=sent) from error
            await cloud.clock.sleep(0.5)


def _check_ready(cloud: Cloud, host_id: int) -> None:
    """A host that is still connecting refuses what is not part of that: it counts as away until it is Ready."""
    fact = cloud.part(HostIndex).facts.get(host_id)
    if fact is not None and not fact.connected:
        raise HostUnreachableError(host_id, "it is not connected", sent=False)


async def must(cloud: Cloud, host_id: int, *commands: Message, timeout_seconds: float = 1800.0) -> list[Message]:
    """Asks, and raises ResourceUnavailableError when an answer says no."""
    answers = await ask(cloud, host_id, *commands, timeout_seconds=timeout_seconds)
    for command, answer in zip(commands, answers, strict=True):
        if not answer.result:
            name = cloud.part(HostIndex).name_of(host_id)
            raise ResourceUnavailableError(f"{command.name} failed on host {name}: {answer.details}")
    return answers
