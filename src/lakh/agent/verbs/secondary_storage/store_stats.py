"""GetStorageStatsCommand to a secondary storage VM: space of an image store (addendum 3.4)."""

from __future__ import annotations

from lakh.agent.dispatch import SECONDARY_STORAGES, done, verb
from lakh.agent.host import SystemVm
from lakh.agent.objects import url_of
from lakh.wire.message import API, Message


@verb(
    API + "GetStorageStatsCommand",
    answer=API + "GetStorageStatsAnswer",
    agents=SECONDARY_STORAGES,
    early=True,
)
def store_stats(agent: SystemVm, command: Message) -> Message:
    store = agent.images.of(url_of(command.body["store"]))
    return done(API + "GetStorageStatsAnswer", usedBytes=store.used_bytes, capacityBytes=agent.images.capacity_bytes)
