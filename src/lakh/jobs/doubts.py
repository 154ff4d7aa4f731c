"""Jobs that may have been admitted or not: the engine went away during the commit, and nobody can tell.

Their callers hear 503 at once. But a job that was stored after all would be nobody's until the next start, and whoever
waits for it, as a parent for its child, would wait as long. So the process that admitted it asks the store, and runs
what it finds. An engine may finish a commit whose connection broke some time later: what is not there is asked for
until LATEST_SECONDS after the store first answered again, and then what memory keeps for it is given back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from lakh.base import limits
from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import BY_UUIDS, PENDING, JobRow
from lakh.store.store import StoreUnavailableError

log = logger(__name__)

LATEST_SECONDS: Final = 60.0


GiveBack = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class _Doubt:
    """`answered`: when the store first answered since, in monotonic seconds."""

    give_back: GiveBack
    answered: float | None = None


class Doubts:
    """Those of one process. `start` is called with each job that turns out to be stored, which may run by now."""

    def __init__(self, cloud: Cloud, start: Callable[[JobRow], None]) -> None:
        self._cloud = cloud
        self._start = start
        self._by_uuid: dict[str, _Doubt] = {}
        self._asking: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many are in doubt."""
        return len(self._by_uuid)

    def add(self, uuid: str, give_back: GiveBack) -> None:
        """A job whose admission may be stored; `give_back` is called when it was not.

        Above JOBS_WAITING the oldest is left to the next start.
        """
        self._by_uuid[uuid] = _Doubt(give_back)
        if len(self._by_uuid) > limits.JOBS_WAITING:
            del self._by_uuid[next(iter(self._by_uuid))]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="jobs in doubt")

    def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        cloud, attempts = self._cloud, 0
        while self._by_uuid:
            await cloud.clock.sleep(limits.JOB_RETRY_SECONDS[min(attempts, 4)])
            attempts += 1
            asked = list(self._by_uuid)[: limits.JOBS_DOUBTED]
            try:
                found = await cloud.store.rows(BY_UUIDS, asked)
            except StoreUnavailableError as error:
                log.warning("jobs in doubt wait for the store", count=self.count, reason=str(error))
                continue
            try:
                await self._settle(asked, found)
            except Exception as error:
                log.warning("what a job in doubt took in memory was not given back", reason=repr(error))

    async def _settle(self, asked: list[str], found: list[JobRow]) -> None:
        for job in found:
            del self._by_uuid[job.uuid]
            if job.status == PENDING and job.token == self._cloud.epoch:
                log.info("a job in doubt was stored", job=job.uuid, command=job.command)
                self._start(job)
        now = self._cloud.clock.monotonic()
        for uuid in asked:
            doubt = self._by_uuid.pop(uuid, None)
            if doubt is None:
                continue
            if doubt.answered is None:
                doubt.answered = now
            if now - doubt.answered >= LATEST_SECONDS:
                await doubt.give_back()
            else:
                self._by_uuid[uuid] = doubt  # behind those that were not asked about
