"""listDbMetrics: how the store is doing, and which statements it spends its time in.

CloudStack's fields, and below them what its own leave open: how many transactions and reads wait, how many share a
commit, and the statements that took the most time since the server started. All of it is this server's alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

import msgspec

from lakh.base.clock import api_date
from lakh.contract.declaration import ADMIN
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call, SyncCommand
from lakh.resources.management_server.row import ManagementServerRow
from lakh.store.statement import statement

STATEMENTS_SHOWN: Final = 20
Int = Annotated[int, msgspec.Meta(extra={"type": "int"})]
_VERSION: Final = {
    "sqlite": statement("store.version.sqlite", "SELECT sqlite_version(), ''", dialect="sqlite"),
    "postgresql": statement(
        "store.version.postgresql",
        "SELECT current_setting('server_version'), host(inet_server_addr())",
        dialect="postgresql",
    ),
}


class StatementView(View):
    """One statement since the server started. `seconds`: of all runs; `milliseconds`: of one, on average."""

    OBJECT: ClassVar[str] = "statement"

    name: str | None = None
    runs: int | None = None
    seconds: float | None = None
    milliseconds: float | None = None


class DbMetricsView(View):
    """`dbloadaverages`: statements a second since the server started. `transactions` waiting, `reads` waiting."""

    OBJECT: ClassVar[str] = "dbMetrics"

    collectiontime: ApiDate | None = None
    connections: Int | None = None
    dbloadaverages: Annotated[list[float] | None, msgspec.Meta(extra={"type": "double[]"})] = None
    hostname: str | None = None
    queries: int | None = None
    replicas: Annotated[list[str] | None, msgspec.Meta(extra={"type": "string[]"})] = None
    tlsversions: str | None = None
    uptime: int | None = None
    version: str | None = None
    versioncomment: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None
    connectionsmax: Int | None = None
    connectionsbusy: Int | None = None
    readswaiting: Int | None = None
    transactionswaiting: Int | None = None
    transactionspercommit: float | None = None
    statement: list[StatementView] | None = None


class ListDbMetrics(SyncCommand, roles=ADMIN, answer=DbMetricsView, since="4.17.0"):
    """Lists metrics of the store."""

    async def run(self, call: Call) -> DbMetricsView:
        cloud = call.cloud
        store = cloud.store
        counters, gauges = store.counters(), store.gauges()
        version, host = (await store.read(_VERSION[store.dialect]))[0]
        seconds = await _uptime_seconds(cloud)
        return DbMetricsView(
            collectiontime=api_date(cloud.now_ms()),
            connections=gauges["connections_open"],
            dbloadaverages=[round(counters["statements"] / max(1, seconds), 3)],
            hostname=host or "localhost",
            queries=int(counters["statements"]),
            replicas=[],
            uptime=seconds,
            version=version,
            versioncomment={"sqlite": "SQLite", "postgresql": "PostgreSQL"}[store.dialect],
            connectionsmax=gauges["connections_max"],
            connectionsbusy=gauges["connections_busy"],
            readswaiting=gauges["reads_waiting"],
            transactionswaiting=gauges["transactions_waiting"],
            transactionspercommit=round(counters["transactions"] / max(1, counters["commits"]), 3),
            statement=top_statements(counters),
        )


async def _uptime_seconds(cloud: Cloud) -> int:
    servers = await cloud.snapshots.of(ManagementServerRow)
    own = next((server for server in servers if server.id == cloud.server_id), None)
    return 0 if own is None else max(0, cloud.now_ms() - own.started_ms) // 1000


def top_statements(counters: Mapping[str, float]) -> list[StatementView]:
    """Those that took the most time, first."""
    took = [(seconds, name[8:]) for name, seconds in counters.items() if name.startswith("seconds:")]
    shown = []
    for seconds, name in sorted(took, reverse=True)[:STATEMENTS_SHOWN]:
        runs = int(counters[f"statement:{name}"])
        shown.append(StatementView(name=name, runs=runs, seconds=round(seconds, 6),
                                   milliseconds=round(seconds * 1000 / max(1, runs), 4)))  # fmt: skip
    return shown
