"""Tags that operators give hosts; those that an agent brings along are left alone."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.row import DELETE_TAGS, INSERT_TAG, TAGS_OF, HostRow, HostTagRow
from lakh.store.statement import TxnSpec


async def set_tags(cloud: Cloud, txn: TxnSpec, host: HostRow, tags: list[str]) -> tuple[str, ...]:
    """Adds the replacement of a host's own tags to `txn`; returns all tags the host has afterwards."""
    wanted = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if too_long := [tag for tag in wanted if len(tag) > 255]:
        raise ParameterError(f"Invalid parameter hosttags: {too_long[0][:40]}… is longer than 255")
    implicit = [row.tag for row in await cloud.store.rows(TAGS_OF, [host.id]) if row.implicit]
    txn.add(DELETE_TAGS, host.id, expect=None)
    for tag in wanted:
        if tag not in implicit:
            txn.put(INSERT_TAG, HostTagRow(cloud.id("host_tag"), host.id, tag, False))
    return (*implicit, *(tag for tag in wanted if tag not in implicit))
