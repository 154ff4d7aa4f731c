"""Telling routers of guests, with few words: what many Instances want told to one router at once goes in one request.

One request per router is under way; what comes meanwhile waits together for the next. Each guest's commands keep their
order and get their own answers, and one guest's failure is nobody else's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.resources.host.reach import ask
from lakh.resources.router.running import RunningRouter
from lakh.wire.message import Message


class _Entry(NamedTuple):
    commands: Sequence[Message]
    answers: asyncio.Future[list[Message]]


class RouterEntries:
    """A part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._waiting: dict[tuple[int, str], deque[_Entry]] = {}
        self._senders: set[asyncio.Task[None]] = set()

    async def tell(self, router: RunningRouter, commands: Sequence[Message]) -> list[Message]:
        """The answers to `commands`, in order. Raises HostUnreachableError."""
        key = (router.host_id, router.name)
        entry = _Entry(commands, asyncio.get_running_loop().create_future())
        line = self._waiting.get(key)
        if line is not None:
            line.append(entry)
        else:
            self._waiting[key] = deque([entry])
            task = asyncio.create_task(self._send(key))
            self._senders.add(task)
            task.add_done_callback(self._senders.discard)
        return await entry.answers

    async def _send(self, key: tuple[int, str]) -> None:
        """Sends until nobody waits."""
        line = self._waiting[key]
        try:
            while line:
                batch = [line.popleft() for _ in range(min(len(line), limits.ROUTER_ENTRIES_AT_ONCE))]
                await self._ask(key[0], [entry for entry in batch if not entry.answers.done()])
        finally:
            del self._waiting[key]
            for entry in line:
                entry.answers.cancel()

    async def _ask(self, host_id: int, batch: list[_Entry]) -> None:
        if not batch:
            return
        commands = [command for entry in batch for command in entry.commands]
        try:
            answers = await ask(self._cloud, host_id, *commands, stop_on_error=len(batch) == 1)
        except Exception as error:
            for entry in batch:
                if not entry.answers.done():
                    entry.answers.set_exception(error)
            return
        position = 0
        for entry in batch:
            own = answers[position : position + len(entry.commands)]
            position += len(entry.commands)
            if not entry.answers.done():
                entry.answers.set_result(own)
