"""All hosts by their ids, some at a time, with pauses: how reconcilers go through what there is a row of per host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from lakh.base.limits import PORTION_PAUSE_SECONDS
from lakh.jobs.cloud import Cloud
from lakh.store.statement import statement

HOSTS_AT_ONCE: Final = 2500

LAST_HOST = statement(
    "host_capacity.last_of_portion",
    "SELECT MAX(host_id) FROM (SELECT host_id FROM host_capacity WHERE host_id > $1 ORDER BY host_id LIMIT $2) AS part",
)


async def portions(cloud: Cloud) -> AsyncIterator[tuple[int, int]]:
    """(behind this id, up to this id) of every portion."""
    first = 0
    while (last := (await cloud.store.read(LAST_HOST, first, HOSTS_AT_ONCE))[0][0]) is not None:
        if first:
            await cloud.clock.sleep(PORTION_PAUSE_SECONDS)
        yield first, last
        first = last
