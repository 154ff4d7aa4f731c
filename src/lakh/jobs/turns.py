"""Whose job runs next, so that one account's ten thousand do not keep another's one waiting.

Accounts with waiting jobs take turns, each with its oldest. And no account may run more than OVER times as many jobs as
there are places free: one alone gets three quarters of all places, two get three sevenths each. So some places are
always free for an account that had nothing running, even when the others' jobs take hours (the threshold of
shared-memory switches: Choudhury and Hahne, 1998).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

from lakh.jobs.row import JobRow

OVER: Final = 3


class Turns:
    """Places for running jobs. `admit` a job, run it or not; `leave` at its end, then run what `next` gives."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._running: dict[int, int] = {}
        self._waiting: OrderedDict[int, deque[JobRow]] = OrderedDict()

    def admit(self, job: JobRow) -> bool:
        """True: it has a place. False: it waits for its turn. A child has a place always: its parent holds one, and
        would else wait for it for ever."""
        account = job.account_id
        if job.parent_uuid is None and (account in self._waiting or not self._may_run(account)):
            self._waiting.setdefault(account, deque()).append(job)
            return False
        self._take(account)
        return True

    def leave(self, job: JobRow) -> None:
        """Gives back the place of a job that had one."""
        self._taken -= 1
        self._running[job.account_id] -= 1
        if not self._running[job.account_id]:
            del self._running[job.account_id]

    def next(self) -> JobRow | None:
        """The job that has a place now; None when all who wait must wait on."""
        account = next((account for account in self._waiting if self._may_run(account)), None)
        if account is None:
            return None
        line = self._waiting[account]
        job = line.popleft()
        if line:
            self._waiting.move_to_end(account)
        else:
            del self._waiting[account]
        self._take(account)
        return job

    def _may_run(self, account: int) -> bool:
        return self._running.get(account, 0) < OVER * (self._places - self._taken)

    def _take(self, account: int) -> None:
        self._taken += 1
        self._running[account] = self._running.get(account, 0) + 1
