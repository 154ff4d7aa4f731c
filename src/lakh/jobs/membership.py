"""Which control processes are alive, which of them leads, and whose jobs must be taken over.

Each beats in its own row every BEAT_SECONDS, and holds a lease for LEASE_SECONDS from the moment it *sent* its last
beat that was stored. Whose beats stand still for longer than that, by the watch of somebody whose own beats go
through, is declared Down with a guarded update. A process that was declared Down finds no row to beat in and ends at
once; one that was frozen finds its lease run out before it does anything to a host (`lease`). So nobody acts for what
another has taken over, and no clock is compared with another's.

The oldest of those that are Up leads: it runs the reconcilers and owns what hosts say on their own account. A process
that is started again is the youngest, so the lead moves only when its holder dies.

Jobs of the dead are taken over by whoever sees them first, each with a guarded update from the dead one's epoch. While
the store cannot be reached nobody can beat, and nobody is declared dead for it: what was seen before counts no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.jobs.control import (
    ALL,
    BEAT,
    DECLARE_DOWN,
    DOWN,
    FORGET,
    INSERT,
    PREDECESSORS_DOWN,
    UP,
    ControlRow,
)
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError, StoreUnavailableError

log = logger(__name__)

BEAT_SECONDS: Final = 1.5
LEASE_SECONDS: Final = 8.0
MARGIN_SECONDS: Final = 2.0
"""Others wait so much longer than the lease before they declare its holder Down."""
SWEEP_SECONDS: Final = 60.0
"""So often the leader looks for jobs of processes that are long forgotten."""


@dataclass(slots=True)
class _Seen:
    beats: int
    since: float  # monotonic seconds


class Membership:
    """This process among the control processes of its server: `begin`, `start` at once, `serve` when it is ready to."""

    def __init__(self, cloud: Cloud, number: int) -> None:
        self._cloud = cloud
        self._number = number
        self._seen: dict[int, _Seen] = {}
        self._until = 0.0
        self._renewed = asyncio.Event()
        self._look = asyncio.Event()
        self._swept = 0.0
        self._serving = False
        self._tasks: list[asyncio.Task[None]] = []
        self._taking_over: asyncio.Task[None] | None = None
        self.on_lead: Callable[[], None] = lambda: None
        """Called once, when this process begins to lead."""
        self.on_fenced: Callable[[], None] = lambda: None
        """Called when this process was declared Down: it must end at once."""

    async def begin(self, *, first: bool) -> None:
        """Enters this start's row. `first`: no other process of the server is alive. Whoever had this place before is
        dead, for the supervisor starts none beside it."""
        cloud, now_ms = self._cloud, self._cloud.now_ms()
        row = ControlRow(cloud.epoch, cloud.server_id, self._number, UP, 0, now_ms, now_ms)
        txn = TxnSpec("control.begin").put(INSERT, row)
        txn.add(PREDECESSORS_DOWN, cloud.server_id, 0 if first else self._number, cloud.epoch, expect=None)
        sent = cloud.clock.monotonic()
        await cloud.store.submit(txn)
        self._holds_since(sent)
        cloud.leads = False

    def start(self) -> None:
        """Beats from now on: what a start reads may take longer than a lease."""
        self._tasks.append(asyncio.create_task(self._run(), name="membership"))

    def serve(self) -> None:
        """From now on this process may lead, and takes over what the dead left."""
        self._serving = True
        self.look()

    def stop(self) -> None:
        for task in (*self._tasks, *([self._taking_over] if self._taking_over else [])):
            task.cancel()

    async def taken_over(self) -> None:
        """Waits until nothing is being taken over."""
        if self._taking_over is not None:
            await self._taking_over

    def look(self) -> None:
        """Something happened to another one: look now."""
        self._look.set()

    async def lease(self) -> None:
        """Returns while this process holds its lease; waits for it otherwise, as while the store is away."""
        while self._cloud.clock.monotonic() >= self._until:
            self._renewed.clear()
            await self._renewed.wait()

    async def _run(self) -> None:
        clock = self._cloud.clock
        while True:
            self._look.clear()
            try:
                await self.pass_once()
            except StoreUnavailableError as error:
                self._seen.clear()
                log.warning("no beat: the store is away", reason=str(error))
            except Exception as error:
                log.error("membership failed", exc_info=error)
            waits = {asyncio.ensure_future(self._look.wait()), asyncio.ensure_future(clock.sleep(BEAT_SECONDS))}
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    async def pass_once(self) -> None:
        """Beats, looks at the others, leads where it is this one's turn, and takes over what the dead left."""
        cloud, sent = self._cloud, self._cloud.clock.monotonic()
        try:
            await cloud.store.submit(TxnSpec("control.beat").add(BEAT, cloud.epoch, cloud.now_ms()))
        except GuardFailedError:
            log.error("declared down by others; this process ends", epoch=cloud.epoch)
            self.on_fenced()
            return
        self._holds_since(sent)
        if not self._serving:
            return
        rows = await cloud.store.rows(ALL)
        dead = [row.epoch for row in rows if row.state == DOWN]
        for row in rows:
            if row.state == UP and row.epoch != cloud.epoch and await self._is_dead(row):
                dead.append(row.epoch)
        if not cloud.leads and all(row.epoch >= cloud.epoch for row in rows if row.epoch not in dead):
            cloud.leads = True
            log.info("this process leads", number=self._number, epoch=cloud.epoch)
            self.on_lead()
        now = cloud.clock.monotonic()
        due = dead or (cloud.leads and now - self._swept > SWEEP_SECONDS)
        if due and (self._taking_over is None or self._taking_over.done()):
            self._swept = now
            self._taking_over = asyncio.create_task(self._take_over(dead), name="jobs of the dead")

    def _holds_since(self, sent: float) -> None:
        self._until = sent + LEASE_SECONDS
        self._renewed.set()

    async def _is_dead(self, row: ControlRow) -> bool:
        now = self._cloud.clock.monotonic()
        seen = self._seen.get(row.epoch)
        if seen is None or seen.beats != row.beats:
            self._seen[row.epoch] = _Seen(row.beats, now)
            return False
        if now - seen.since < LEASE_SECONDS + MARGIN_SECONDS:
            return False
        try:
            await self._cloud.store.submit(TxnSpec("control.down").add(DECLARE_DOWN, row.epoch, row.beats))
        except GuardFailedError:
            return False  # it has beaten meanwhile, or somebody else was faster: the next look tells
        log.warning("control process declared down", number=row.number, epoch=row.epoch)
        del self._seen[row.epoch]
        self._cloud.peers.on_missed()  # what it did before it froze nobody may have told
        return True

    async def _take_over(self, dead: list[int]) -> None:
        """Beats go on meanwhile: there may be many jobs. What fails is tried again, for the dead keep their row."""
        cloud = self._cloud
        try:
            taken = await cloud.worker.take_over()
            if taken:
                log.warning("jobs taken over", count=taken, of=dead)
            for epoch in dead:
                await cloud.store.submit(TxnSpec("control.forget").add(FORGET, epoch, expect=None))
        except StoreUnavailableError as error:
            log.warning("jobs not taken over yet", reason=str(error))
        except Exception as error:
            log.error("jobs not taken over", exc_info=error)
