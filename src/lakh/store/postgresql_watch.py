"""Tells a PostgreSQL that works long from one that hangs: stopped, frozen with its machine, behind a dead network.

Neither answers. But one that works answers somebody else meanwhile, so a statement may take as long as it needs: when
one has been out for QUIET_SECONDS, a new connection is made and asked. If that gets no answer within PROBE_SECONDS, all
connections are dropped, so that whoever waits hears it, and nobody tries again until somebody is answered.

*What was under way.* A server that froze has our last words in its sockets and may follow them when it wakes: a COMMIT
whose outcome somebody went on to read would change after it was read. So before anybody may use the store again, the
sessions that were dropped are ended by their names, and are seen to be gone.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
from time import perf_counter
from typing import Any, Final

import asyncpg
from asyncpg import exceptions as pg

from lakh.base.log import logger
from lakh.store.postgresql_connection import SETTINGS, Connection, connect
from lakh.store.store import StoreUnavailableError

QUIET_SECONDS: Final = 2.0
PROBE_SECONDS: Final = 3.0
TICK_SECONDS: Final = 0.5

_OURS: Final = (
    "FROM pg_stat_activity WHERE application_name = ANY($1::text[]) AND usename = current_user"
    " AND pid <> pg_backend_pid()"
)
_END: Final = f"SELECT COUNT(pg_terminate_backend(pid)) {_OURS}"
_LEFT: Final = f"SELECT COUNT(*) {_OURS}"

_log = logger("store.postgresql")


class Watch:
    """Of one store. `hangs`: the server does not answer. `probes` counts how often a slow one was looked at."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._token = f"lakh {os.getpid()} {secrets.token_hex(4)}"
        self._numbers = itertools.count(1)
        self._open: list[Connection] = []
        self._dropped: list[str] = []
        self._looked = 0.0
        self._suspected = False  # a new connection found nobody
        self.hangs = False
        self.probes = 0

    async def connect(self) -> Connection:
        """A connection that is watched. Raises StoreUnavailableError, at once while the server hangs."""
        self._check()
        try:
            connection = await connect(self._url, name=f"{self._token} {next(self._numbers)}")
        except StoreUnavailableError as error:
            self._suspected = self._suspected or isinstance(error.__cause__, TimeoutError)
            raise
        if self.hangs:
            connection.drop()
        self._check()
        self._open = [known for known in self._open if not known.broken]
        self._open.append(connection)
        return connection

    def _check(self) -> None:
        if self.hangs:
            raise StoreUnavailableError("PostgreSQL does not answer")

    async def run(self) -> None:
        """Watches until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                if self.hangs:
                    await self._come_back()
                elif self._suspected or (self._late() and perf_counter() - self._looked >= QUIET_SECONDS):
                    await self._look()
            except Exception:
                _log.exception("watching PostgreSQL failed")

    def _late(self) -> bool:
        """True while a statement is out for too long."""
        before = perf_counter() - QUIET_SECONDS
        return any(0 < connection.since < before and not connection.broken for connection in self._open)

    async def _look(self) -> None:
        self.probes += 1
        started = perf_counter()
        answers = await self._answers()
        self._looked = perf_counter()
        suspected, self._suspected = self._suspected, False
        if answers or not (suspected or self._late()):
            return
        if self._looked - started > PROBE_SECONDS + TICK_SECONDS:
            return  # it was this process that stood still
        self.hangs = True
        _log.error("PostgreSQL does not answer; its connections are dropped", seconds=QUIET_SECONDS + PROBE_SECONDS)
        for connection in self._open:
            if not connection.broken:
                self._dropped.append(connection.name)
                connection.drop()
        self._open.clear()

    async def _answers(self) -> bool:
        """Whether a new connection is answered; a refusal in words is an answer."""
        try:
            raw = await self._probe()
        except pg.PostgresError:
            return True
        except (OSError, TimeoutError, pg.InterfaceError):
            return False
        raw.terminate()
        return True

    async def _probe(self) -> asyncpg.Connection[Any]:
        async with asyncio.timeout(PROBE_SECONDS):
            raw = await asyncpg.connect(
                self._url,
                timeout=PROBE_SECONDS,
                command_timeout=PROBE_SECONDS,
                statement_cache_size=0,
                server_settings={**SETTINGS, "application_name": f"{self._token} watch"},
            )
            try:
                await raw.fetchval("SELECT 1")
            except BaseException:
                raw.terminate()
                raise
            return raw

    async def _come_back(self) -> None:
        """Ends what the dropped sessions were at, once the server answers again."""
        try:
            raw = await self._probe()
        except (OSError, TimeoutError, pg.PostgresError, pg.InterfaceError):
            return
        try:
            await raw.fetchval(_END, self._dropped)
            if await raw.fetchval(_LEFT, self._dropped):
                return
        except (OSError, TimeoutError, pg.PostgresError, pg.InterfaceError) as error:
            _log.warning("what PostgreSQL was at cannot be ended yet", reason=str(error) or type(error).__name__)
            return
        finally:
            raw.terminate()
        self._dropped.clear()
        self.hangs = False
        _log.info("PostgreSQL answers again")
