"""Rows that are kept for so many days only, such as events and alerts, and then purged.

There is no index over their age, for every one of them would pay for it. They are read in the order of their ids, which
is that of their making but for this: each process deals ids from a block of its own. So behind a row that is young
there can still be old ones, but not behind more young rows than all blocks in use can hold.
"""

from __future__ import annotations

from typing import Final

from lakh.base.limits import ID_BLOCK_MAX
from lakh.jobs.cloud import Cloud
from lakh.store.statement import Statement, TxnSpec

_DAY_MS: Final = 24 * 3600 * 1000


async def purge(cloud: Cloud, days: int, after: Statement, delete: Statement) -> int:
    """Deletes what is older than so many days, a page at a time, each in a transaction of its own; 0 or less keeps all.

    `after` reads the ids and times of at most EVENTS_PURGED rows behind an id; `delete` takes ids. Returns how many.
    """
    if days <= 0:
        return 0
    before_ms = cloud.now_ms() - days * _DAY_MS
    last, young, deleted = -1, 0, 0
    while young <= cloud.controls * ID_BLOCK_MAX and (page := await cloud.store.read(after, last)):
        last = page[-1][0]
        old = [row_id for row_id, created_ms in page if created_ms < before_ms]
        young += len(page) - len(old)
        if old:
            await cloud.store.submit(TxnSpec(delete.name).add(delete, old, expect=None))
            deleted += len(old)
    return deleted
