"""One flow, step by step: do, commit with progress, undo on failure, finish.

A commit whose outcome is unknown (the store went away in the middle) is settled by reading the job's row: its step and
its state say whether the transaction happened. Therefore progress is guarded by the step it starts from as well as by
the lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from lakh.base import limits
from lakh.base.errors import ApiError, GoneError, InternalError
from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import FLOWS, Again, Do, Run, Step
from lakh.jobs.lines import LEAVE_PLACE
from lakh.jobs.row import BY_UUID, FAILED, FINISH, PENDING, PROGRESS, SUCCEEDED, JobRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError, StoreUnavailableError

log = logger(__name__)

Probe = Callable[[str, JobRow, str], None]
"""Called as probe("before" | "after" | "committed", job, step name); tests raise from it to fail or crash a flow."""

Finisher = Callable[[Run[Any], ApiError | None], TxnSpec | None]
"""What to commit with every job's end: its event."""


class LeaseLostError(Exception):
    """Another server owns the job now; this one must forget it."""


class Crash(BaseException):
    """Raised by tests through the probe: the server dies here, nothing more of the job happens in this process."""


class Execution:
    """Drives one job from where its row says to its end."""

    __slots__ = ("_cloud", "_finisher", "_flow", "_job", "_position", "_probe", "_reached", "_run", "_undoing")

    def __init__(
        self,
        cloud: Cloud,
        job: JobRow,
        probe: Probe | None,
        finisher: Finisher | None,
        *,
        resumed: bool = False,
        memory: dict[str, Any] | None = None,
    ) -> None:
        self._cloud = cloud
        self._job = job
        self._probe = probe
        self._finisher = finisher
        self._flow = FLOWS[job.command]
        self._run: Run[Any] = Run(cloud, job, msgspec.json.decode(job.state_json, type=self._flow.state_type))
        self._run.memory.update(memory or {})
        self._run.resumed = resumed
        self._position = job.step  # as committed
        self._undoing = job.undoing
        self._reached = self._last_before_commit() if resumed else -1
        """The last step that a process which died may have done, and nobody committed."""

    def _last_before_commit(self) -> int:
        steps = self._flow.steps
        return next(i for i in range(self._position, len(steps)) if steps[i].commits) - 1

    async def drive(self) -> JobRow:
        """Returns the finished row. Raises LeaseLostError when another server took the job."""
        if self._undoing:
            self._run.error = error = _decode_error(self._job.error_json)
            return await self._unwind(self._position - 1, error, TxnSpec(""))
        carried = TxnSpec("")
        position = self._position
        while True:
            step = self._flow.steps[position]
            try:
                done = await self._do(position, step, carried)
                if done is not None:
                    return done
                position += 1
            except Again as again:
                back = self._flow.index(again.step)
                for i in range(max(position, self._reached), back - 1, -1):
                    carried.extend(await self._undo(self._flow.steps[i]))
                position, self._reached = back, -1
            except LeaseLostError:
                raise
            except Exception as error:
                if not isinstance(error, ApiError):
                    log.error("flow step failed", job=self._job.uuid, step=step.name, exc_info=error)
                last = max(position - 1 if step.commits else position, self._reached)
                return await self._unwind(last, _public(error), carried)

    # --- forward -----------------------------------------------------------------------------------------------------
    async def _do(self, position: int, step: Step[Any], carried: TxnSpec) -> JobRow | None:
        """Does one step and commits it when it commits. Returns the finished row after the last one."""
        lost_races = 0
        while True:
            self._tell("before", step.name)
            txn = await self._with_store(step.do)
            self._tell("after", step.name)
            if not step.commits:
                return None
            whole = TxnSpec(f"{self._job.command}.{step.name}").extend(carried).extend(txn)
            try:
                if position == len(self._flow.steps) - 1:
                    done = await self._finish(whole, None)
                else:
                    done = None
                    await self._advance(whole, position + 1, undoing=False)
            except (GuardFailedError, DuplicateError) as lost:
                if lost_races == limits.JOB_STEP_RETRIES:
                    raise
                # Somebody was faster: the step reads the world again and decides anew.
                await self._cloud.clock.sleep(limits.JOB_RETRY_SECONDS[min(lost_races, 1)] * lost_races)
                lost_races += 1
                self._cloud.worker.lost_races += 1
                log.debug("step lost a race", job=self._job.uuid, step=step.name, statement=lost.statement)
                continue
            carried.steps.clear()
            self._reached, self._run.resumed = -1, False
            self._tell("committed", step.name)
            return done

    async def _with_store(self, do: Do[Any]) -> TxnSpec | None:
        """Does it, and again for as long as the store is away: that is nobody's failure."""
        attempts = 0
        while True:
            self._run.not_committed()
            try:
                return await do(self._run)
            except StoreUnavailableError as error:
                log.warning("job waits for the store", job=self._job.uuid, reason=str(error))
                await self._cloud.clock.sleep(limits.JOB_RETRY_SECONDS[min(attempts, 4)])
                attempts += 1

    async def _advance(self, txn: TxnSpec, position: int, undoing: bool) -> None:
        state_json = msgspec.json.encode(self._run.state).decode()
        error_json = _encode_error(self._run.error) if undoing else None
        job = self._job
        txn.add(PROGRESS, job.id, job.token, position, undoing, state_json, error_json, self._position, self._undoing)
        # The step alone would not do: a try on another host goes from a step to the same one, and differs by its state.
        await self._commit(txn, lambda row: (row.step, row.undoing, row.state_json) == (position, undoing, state_json))
        self._position, self._undoing = position, undoing

    async def _finish(self, txn: TxnSpec, error: ApiError | None) -> JobRow:
        job = self._job
        if error is None:
            status, code, result = SUCCEEDED, 0, self._run.result or b'{"success":true}'
        else:
            status, code = FAILED, error.errorcode
            result = msgspec.json.encode({"errorcode": error.errorcode, "errortext": error.text})
        if self._finisher is not None:
            txn.extend(self._finisher(self._run, error))
        if job.sync_key is not None and self._cloud.controls > 1:
            txn.add(LEAVE_PLACE, job.sync_key, job.id, expect=None)
        now_ms = self._cloud.now_ms()
        txn.add(FINISH, job.id, job.token, status, code, result.decode(), now_ms)
        await self._commit(txn, lambda row: row.status != PENDING)
        return msgspec.structs.replace(
            job, status=status, result_code=code, result_json=result.decode(), completed_ms=now_ms, state_json="{}"
        )

    async def _commit(self, txn: TxnSpec, happened: Callable[[JobRow], bool]) -> None:
        """Commits; waits for as long as the store is away: that is nobody's failure."""
        attempts = 0
        while True:
            try:
                if attempts:
                    row = (await self._cloud.store.rows(BY_UUID, self._job.uuid))[0]
                    if row.token != self._job.token:
                        raise LeaseLostError
                    if happened(row):
                        break
                await self._cloud.store.submit(txn)
                break
            except StoreUnavailableError:
                await self._cloud.clock.sleep(limits.JOB_RETRY_SECONDS[min(attempts, 4)])
                attempts += 1
            except GuardFailedError as lost:
                if lost.statement in (PROGRESS.name, FINISH.name):
                    raise LeaseLostError from lost
                raise
        self._run.committed()

    # --- backwards ---------------------------------------------------------------------------------------------------
    async def _unwind(self, first: int, error: ApiError, carried: TxnSpec) -> JobRow:
        """Undoes steps `first` … 0 and ends the job as failed. Committed steps are undone with a commit each."""
        self._run.error = error
        self._run.not_committed()
        pending = TxnSpec("").extend(carried)
        hosts_undo = any(s.undo is not None and not s.commits for s in self._flow.steps[: first + 1])
        hosts_clear = self._flow.failed is not None and self._position > 0
        if not self._undoing and (hosts_undo or hosts_clear):
            # What such an undo ends (a child's work, a domain, a file) no commit of its own tells: after a crash nobody
            # may go forward again as if it were there, and meet in the middle of it what a slow host does late.
            await self._advance(TxnSpec(f"{self._job.command}.undoing").extend(pending), first + 1, undoing=True)
            pending.steps.clear()
        for i in range(first, -1, -1):
            step = self._flow.steps[i]
            pending.extend(await self._undo(step))
            if step.commits and i > 0:
                await self._advance(TxnSpec(f"{self._job.command}.undo").extend(pending), i, undoing=True)
                self._tell("committed", f"undo {step.name}")
                pending.steps.clear()
        whole = TxnSpec(f"{self._job.command}.failed").extend(pending)
        if self._flow.failed is not None:
            whole.extend(await self._surely("failed", self._flow.failed))
        done = await self._finish(whole, error)
        self._tell("committed", "failed")
        return done

    async def _undo(self, step: Step[Any]) -> TxnSpec | None:
        if step.undo is None:
            return None
        return await self._surely(f"undo {step.name}", step.undo)

    async def _surely(self, what: str, do: Do[Any]) -> TxnSpec | None:
        """Does it, however often it fails: an undo that gives up would leak, and a job must reach an end."""
        attempts = 0
        while True:
            self._run.not_committed()
            try:
                self._tell("before", what)
                txn = await do(self._run)
                self._tell("after", what)
                self._run.carry()
                return txn
            except (LeaseLostError, asyncio.CancelledError):
                raise
            except GoneError as gone:
                log.info("nothing is left to undo", job=self._job.uuid, step=what, reason=gone.text)
                return None
            except Exception as error:
                log.warning("undo failed, trying again", job=self._job.uuid, step=what, error=repr(error))
                await self._cloud.clock.sleep(limits.JOB_RETRY_SECONDS[min(attempts, 4)])
                attempts += 1

    def _tell(self, when: str, step: str) -> None:
        if self._probe is not None:
            self._probe(when, self._job, step)


def _public(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, GuardFailedError | DuplicateError):
        return InternalError(f"Unable to complete the operation: the resource changed meanwhile ({error.statement})")
    return InternalError("Internal error executing command, please contact your system administrator")


class StoredError(ApiError):
    """An error read back from a job's row."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.errorcode = code  # type: ignore[misc]


def _encode_error(error: BaseException | None) -> str | None:
    if error is None:
        return None
    code = error.errorcode if isinstance(error, ApiError) else 530
    return msgspec.json.encode({"code": code, "text": str(error)}).decode()


def _decode_error(stored: str | None) -> ApiError:
    if stored is None:
        return InternalError("The operation was interrupted")
    found = msgspec.json.decode(stored, type=dict[str, Any])
    return StoredError(int(found["code"]), str(found["text"]))
