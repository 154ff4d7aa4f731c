"""SQLite's one writer: statements on the event loop, commits in a thread.

A statement of ours takes some microseconds. A thread that runs it must win the interpreter three or four times for it,
against a loop that is busy: in a deployment that cost more than all of its statements, made the loop give way a hundred
times, and kept groups small because it took so long. So statements run on the loop, SLICE_SECONDS at a time. What takes
long and leaves the interpreter alone all the while, COMMIT with its fsync and the checkpoint, is the thread's.

A *group* is what was submitted while the last one was being committed. A lone transaction begins at once; where the
last group had several, the next waits GATHER_SECONDS for more: a commit writes the last page of some forty indexes,
however few rows went there.

*Long transactions* would hold the loop up, so their group is run in the thread as a whole: those of many steps, and
those that took longer than LONG_SECONDS, until they have been quick there for a while. So is a group that finds another
program writing, for that may take seconds to pass.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter, thread_time
from typing import Final

from lakh.base.limits import STORE_GROUP
from lakh.base.log import logger
from lakh.store.commit import Outcome
from lakh.store.sqlite_engine import GroupLostError, Session
from lakh.store.statement import TxnSpec

GATHER_SECONDS: Final = 0.003
SLICE_SECONDS: Final = 0.002
LONG_SECONDS: Final = 0.01  # of processor: on a busy machine everything takes long by the clock now and then
WAITED_SECONDS: Final = 0.2  # by the clock
LONG_STEPS: Final = 100
QUICK_TO_RETURN: Final = 64  # runs below LONG_SECONDS in a row until a transaction may run on the loop again
LOOK_COMMITS: Final = 64  # commits between two looks at the length of the log

_log = logger("store.sqlite")

Waiting = tuple[TxnSpec, "asyncio.Future[list[int]]"]
Tell = Callable[[list[Waiting], list[Outcome]], None]


class Writer:
    """The writing connection: the loop's while a group is filled, the thread's while it is committed.

    `tell` is called on the loop with each group's outcomes, `cap_log` in the thread now and then.
    """

    def __init__(self, connection: sqlite3.Connection, tell: Tell, cap_log: Callable[[], None], busy_ms: int) -> None:
        self.session = Session(connection)
        self._tell = tell
        self._cap_log = cap_log
        self._busy_ms = busy_ms
        self._loop = asyncio.get_running_loop()
        self._pending: deque[Waiting] = deque()
        self._group: list[Waiting] = []  # whose statements have run; the engine's transaction is open
        self._outcomes: list[Outcome] = []
        self._away = False  # the connection is the thread's
        self._turn_comes = False
        self._crowded = False  # the last group had several
        self._long: dict[str, int] = {}  # labels of long transactions → quick runs since
        self._idle = asyncio.Event()
        self._idle.set()
        self._work: SimpleQueue[tuple[list[Waiting], list[Outcome] | None] | None] = SimpleQueue()
        connection.execute("PRAGMA busy_timeout = 0")
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, txn: TxnSpec, future: asyncio.Future[list[int]]) -> None:
        """Takes a transaction; `tell` hears of its outcome."""
        self._pending.append((txn, future))
        self._idle.clear()
        self._arrange()

    async def close(self) -> None:
        """Commits what waits, then ends the thread and closes the connection."""
        await self._idle.wait()
        self._work.put(None)
        await asyncio.to_thread(self._thread.join)
        self.session.close()

    # --- on the loop -------------------------------------------------------------------------------------------------
    def _arrange(self) -> None:
        if self._away or self._turn_comes:
            return
        self._turn_comes = True
        if self._crowded:
            self._loop.call_later(GATHER_SECONDS, self._turn)
        else:
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Runs statements for a slice; then comes back for more, or has the group committed."""
        self._turn_comes = False
        try:
            if not self._fill():
                self._turn_comes = True
                self._loop.call_soon(self._turn)
                return
        except (GroupLostError, sqlite3.Error) as error:
            group, self._group, self._outcomes = self._group, [], []
            if group:
                self._finish(group, self.session.lost(error, len(group)))
            else:  # it never began: another program writes
                self._hand_over(None)
            return
        if not self._group:
            self._hand_over(None)
        elif any(type(outcome) is list for outcome in self._outcomes):
            self._hand_over(self._outcomes)
        else:
            group, outcomes, self._group, self._outcomes = self._group, self._outcomes, [], []
            self._finish(group, self.session.commit(outcomes))

    def _fill(self) -> bool:
        """Runs what is pending into the open group. False when the slice is over before that."""
        pending, group, outcomes = self._pending, self._group, self._outcomes
        if not group and not self._is_long(pending[0][0]):
            self.session.begin()
        now, used = perf_counter(), thread_time()
        end = now + SLICE_SECONDS
        while pending and len(group) < STORE_GROUP and not self._is_long(pending[0][0]):
            if now > end:
                return False
            group.append(pending.popleft())
            outcomes.append(self.session.run(group[-1][0]))
            began, now = now, perf_counter()
            if now - began > LONG_SECONDS:
                waited = now - began > WAITED_SECONDS
                self._judge(group[-1][0], now - began if waited else thread_time() - used)
        return True

    def _hand_over(self, outcomes: list[Outcome] | None) -> None:
        """Gives the connection to the thread: to commit the group, or to run one from its beginning."""
        if outcomes is None:
            group = [self._pending.popleft() for _ in range(min(len(self._pending), STORE_GROUP))]
        else:
            group, self._group, self._outcomes = self._group, [], []
        self._away = True
        self._work.put((group, outcomes))

    def _finish(self, group: list[Waiting], outcomes: list[Outcome]) -> None:
        self._crowded = len(group) > 1
        self._tell(group, outcomes)
        self._go_on()

    def _go_on(self) -> None:
        if self._pending:
            self._arrange()
        elif not self._away:
            self._idle.set()

    def _take_back(self) -> None:
        """The thread is done with the connection."""
        self._away = False
        self._go_on()

    def _return(self, group: list[Waiting], outcomes: list[Outcome]) -> None:
        self._away = False
        self._finish(group, outcomes)

    def _is_long(self, txn: TxnSpec) -> bool:
        return txn.label in self._long or len(txn.steps) > LONG_STEPS

    def _judge(self, txn: TxnSpec, seconds: float) -> None:
        """Notes how long a transaction took, wherever it ran."""
        if seconds > LONG_SECONDS:
            self._long[txn.label] = 0
        elif txn.label in self._long:
            self._long[txn.label] += 1
            if self._long[txn.label] >= QUICK_TO_RETURN:
                del self._long[txn.label]

    # --- in the thread -----------------------------------------------------------------------------------------------
    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            group, outcomes = work
            done = self._run(group) if outcomes is None else self.session.commit(outcomes)
            try:
                if self.session.counters.commits % LOOK_COMMITS:
                    self._loop.call_soon_threadsafe(self._return, group, done)
                    continue
                self._loop.call_soon_threadsafe(self._finish, group, done)
                self._cap_log()
                self._loop.call_soon_threadsafe(self._take_back)
            except RuntimeError:
                return  # the loop ended without closing the store: nobody is left to tell

    def _run(self, group: list[Waiting]) -> list[Outcome]:
        """A whole group, patient with other programs."""
        session, outcomes = self.session, list[Outcome]()
        session.connection.execute(f"PRAGMA busy_timeout = {self._busy_ms}")
        try:
            session.begin()
            for txn, _ in group:
                began = thread_time()
                outcomes.append(session.run(txn))
                self._judge(txn, thread_time() - began)
        except (GroupLostError, sqlite3.Error) as error:
            return session.lost(error, len(group))
        finally:
            session.connection.execute("PRAGMA busy_timeout = 0")
        return session.commit(outcomes)


def log_bytes(path: Path) -> int:
    """The length of the log beside a store's file; 0 while there is none."""
    try:
        return os.stat(f"{path}-wal").st_size
    except FileNotFoundError:
        return 0
