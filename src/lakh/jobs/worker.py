"""Runs flows: adopt, execute step by step, commit progress, undo on failure, finish.

The process that admits a job owns it from its first row on: no claim query, no queue polling. After a restart the
server adopts every pending job of a dead epoch and resumes it where its last commit left it; so do the other control
processes of a server when one dies (`jobs/membership.py`). Jobs that name the same `sync_key` run one after another
(`jobs/lines.py`). How many run at once is bounded, and the places are shared fairly among accounts.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from typing import Any, Final

import msgspec

from lakh.base import limits
from lakh.base.errors import ServiceUnavailableError
from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.jobs.control import ALL, UP
from lakh.jobs.doubts import Doubts
from lakh.jobs.execution import Crash, Execution, Finisher, LeaseLostError, Probe
from lakh.jobs.figures import JobSeconds
from lakh.jobs.lines import Lines
from lakh.jobs.others import OtherJobs
from lakh.jobs.row import ADOPT, BY_UUID, PENDING, PENDING_JOBS, PENDING_ON, TAKE_OVER, JobRow
from lakh.jobs.turns import Turns
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError, StoreUnavailableError

log = logger(__name__)

TAKEN_OVER_AT_ONCE: Final = 200
"""Jobs of the dead whose rows are taken over in one go."""


class Worker:
    """The flows running in this process."""

    def __init__(self, cloud: Cloud, *, probe: Probe | None = None) -> None:
        self.cloud = cloud
        self.probe = probe
        self.on_finished: Finisher | None = None
        self._live: dict[str, JobRow] = {}
        self._acting: dict[str, dict[str, JobRow]] = {}  # by the object they work on, oldest first
        self._finished: OrderedDict[str, JobRow] = OrderedDict()
        self._done: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = Turns(limits.JOBS_RUNNING)
        self._adopted: set[str] = set()  # of those that run here, others began
        self.lines = Lines(cloud, self._enqueue)
        self.doubts = Doubts(cloud, self._start_unless_known)
        self.others = OtherJobs(cloud.store)
        self.closing = False
        self.lost_races = 0
        """Steps that decided anew because somebody else was faster."""
        self.seconds: dict[str, JobSeconds] = {}
        """By command: from a job's acceptance to its end, with what it waited."""

    # --- admission ---------------------------------------------------------------------------------------------------
    def check_room(self) -> None:
        """Raises ServiceUnavailableError when no more jobs are taken."""
        if self.closing:
            raise ServiceUnavailableError("This management server is shutting down; try again on another one.")
        if len(self._live) >= limits.JOBS_WAITING:
            raise ServiceUnavailableError(f"{limits.JOBS_WAITING} jobs are waiting already; try again later.")

    def start(self, job: JobRow, memory: dict[str, Any] | None = None, *, has_place: bool = False) -> None:
        """Takes a job whose row is stored under this process's epoch. `has_place`: it was stored with what `lines.ask`
        wanted, and that was free.

        `memory` is what its admission knows already. A job that must wait reads anew: others may change the world
        before its turn, and a hundred thousand waiting jobs keep nothing but their rows.
        """
        self._live[job.uuid] = job
        if job.instance_uuid is not None:
            self._acting.setdefault(job.instance_uuid, {})[job.uuid] = job
        self._done[job.uuid] = asyncio.Event()
        self.lines.enter(job, memory, has_place=has_place)

    def _start_unless_known(self, job: JobRow) -> None:
        """A child that was in doubt may have been admitted again by its parent."""
        if self.find(job.uuid) is None:
            self.start(job)

    def _enqueue(self, job: JobRow, memory: dict[str, Any] | None = None) -> None:
        if self._turns.admit(job):
            self._begin(job, memory)

    def _begin(self, job: JobRow, memory: dict[str, Any] | None = None) -> None:
        if self.closing:
            return  # the next start resumes it
        task = asyncio.create_task(self._execute(job, memory), name=f"job {job.uuid}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def resume(self) -> int:
        """Adopts and resumes all pending jobs in the store; returns how many. Call once at start."""
        adopted, last = 0, 0
        while jobs := await self.cloud.store.rows(PENDING_JOBS, last):
            last = jobs[-1].id
            for job in jobs:
                if job.uuid not in self._live and await self._adopt(job):
                    adopted += 1
        return adopted

    async def _adopt(self, job: JobRow) -> bool:
        cloud = self.cloud
        try:
            await cloud.store.submit(TxnSpec("job.adopt").add(ADOPT, job.id, cloud.server_id, cloud.epoch))
        except GuardFailedError:
            return False  # it has ended, or a later epoch has it
        self._adopted.add(job.uuid)
        self.start(msgspec.structs.replace(job, owner=cloud.server_id, token=cloud.epoch))
        return True

    async def take_over(self) -> int:
        """Takes over and resumes the pending jobs of control processes that are no more; returns how many."""
        taken, last = 0, 0
        while jobs := await self.cloud.store.rows(PENDING_JOBS, last):
            last = jobs[-1].id
            # read after the jobs: whoever admitted one of them was there before it
            alive = {row.epoch for row in await self.cloud.store.rows(ALL) if row.state == UP}
            left = [job for job in jobs if job.token not in alive and job.uuid not in self._live]
            for start in range(0, len(left), TAKEN_OVER_AT_ONCE):
                some = left[start : start + TAKEN_OVER_AT_ONCE]
                taken += sum(await asyncio.gather(*(self._take_over(job) for job in some)))
        return taken

    async def _take_over(self, job: JobRow) -> bool:
        cloud = self.cloud
        txn = TxnSpec("job.take_over").add(TAKE_OVER, job.id, job.token, cloud.server_id, cloud.epoch)
        try:
            await cloud.store.submit(txn)
        except GuardFailedError:
            return False  # it has ended, or somebody else was faster
        # what it had committed when its process died is in the store, and its step may be a later one than we read
        (now,) = await cloud.store.rows(BY_UUID, job.uuid)
        self._adopted.add(job.uuid)
        self.start(now)
        return True

    # --- looking -----------------------------------------------------------------------------------------------------
    def find(self, uuid: str) -> JobRow | None:
        """A running or recently finished job, without the store."""
        return self._live.get(uuid) or self._finished.get(uuid)

    def pending_for(self, instance_uuid: str) -> JobRow | None:
        """The oldest job running here that acts on an object."""
        acting = self._acting.get(instance_uuid)
        return next(iter(acting.values())) if acting else None

    async def is_busy(self, instance_uuid: str) -> bool:
        """True when a job acts on the object, in whichever control process."""
        if self.pending_for(instance_uuid) is not None:
            return True
        return self.cloud.controls > 1 and bool(await self.cloud.store.read(PENDING_ON, [instance_uuid]))

    def acting_on(self, instance_uuids: Collection[str]) -> dict[str, JobRow]:
        """The oldest job running here for each of these objects that has one."""
        return {uuid: job for uuid in instance_uuids if (job := self.pending_for(uuid)) is not None}

    @property
    def running(self) -> int:
        return len(self._live)

    async def wait(self, uuid: str) -> JobRow | None:
        """Waits for a job running here; returns its final row."""
        if (event := self._done.get(uuid)) is not None:
            await event.wait()
        return self._finished.get(uuid)

    async def stop(self) -> None:
        """Leaves all jobs where they are; a later start resumes them."""
        self.closing = True
        self.lines.stop()
        self.doubts.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- execution ---------------------------------------------------------------------------------------------------
    async def _execute(self, job: JobRow, memory: dict[str, Any] | None) -> None:
        try:
            done = await self._to_its_end(job, memory)
            self._finished[job.uuid] = done
            self._count(job.command, ((done.completed_ms or 0) - job.created_ms) / 1000)
            while len(self._finished) > limits.JOBS_REMEMBERED:
                self._finished.popitem(last=False)
        except LeaseLostError:
            log.warning("job lost to another server", job=job.uuid)
        except Crash:
            return
        finally:
            self._leave(job)

    async def _to_its_end(self, job: JobRow, memory: dict[str, Any] | None) -> JobRow:
        """Drives it; where that breaks off (an undo lost a race) again from its last commit, as after a restart."""
        resumed, attempts = job.uuid in self._adopted, 0
        while job.status == PENDING:
            try:
                probe, finisher = self.probe, self.on_finished
                return await Execution(self.cloud, job, probe, finisher, resumed=resumed, memory=memory).drive()
            except LeaseLostError:
                raise
            except Exception as error:
                log.error("job broke off", job=job.uuid, command=job.command, exc_info=error)
                job, resumed, attempts = await self._as_stored(job, attempts), True, attempts + 1
                memory = None  # it was of the world before
        return job

    async def _as_stored(self, job: JobRow, attempts: int) -> JobRow:
        """Its row, after a pause and once the store answers. Raises LeaseLostError."""
        while True:
            await self.cloud.clock.sleep(limits.JOB_RETRY_SECONDS[min(attempts, 4)])
            try:
                rows = await self.cloud.store.rows(BY_UUID, job.uuid)
            except StoreUnavailableError:
                attempts += 1
                continue
            if not rows or rows[0].token != job.token:
                raise LeaseLostError
            return rows[0]

    def _count(self, command: str, seconds: float) -> None:
        known = self.seconds.get(command)
        if known is None:
            known = self.seconds[command] = JobSeconds()
        known.count(seconds)

    def _leave(self, job: JobRow) -> None:
        self._turns.leave(job)
        self._live.pop(job.uuid, None)
        self._adopted.discard(job.uuid)
        if job.instance_uuid is not None and (acting := self._acting.get(job.instance_uuid)):
            acting.pop(job.uuid, None)
            if not acting:
                del self._acting[job.instance_uuid]
        if (event := self._done.pop(job.uuid, None)) is not None:
            event.set()
        self.lines.leave(job)
        while (waiting := self._turns.next()) is not None:
            self._begin(waiting)
