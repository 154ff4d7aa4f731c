"""Deletes volumes that are Expunging and that nobody finished deleting, each with an event."""

from __future__ import annotations

from typing import ClassVar, Final

from lakh.base.errors import ApiError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.command import event
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.reach import must
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.user.row import SYSTEM_USER
from lakh.resources.volume.end import end_volume
from lakh.resources.volume.on_pool import delete_command
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import TxnSpec, select
from lakh.store.store import GuardFailedError

log = logger(__name__)

LEFT_ALONE_MS: Final = 600_000
"""Whoever made it Expunging has so long to finish."""

EXPUNGING = select(
    "volume.expunging",
    VolumeRow,
    "WHERE state = 'Expunging' AND vm_id IS NULL AND updated_ms < $1 AND removed_ms IS NULL"
    " ORDER BY updated_ms LIMIT 200",
)


class Volumes(Reconciler):
    """A bounded number per pass."""

    name: ClassVar[str] = "volumes"

    def interval_seconds(self, cloud: Cloud) -> float:
        return float(cloud.part(Settings).integer("storage.cleanup.interval") or 86400)

    async def run(self, cloud: Cloud) -> None:
        pools = await cloud.snapshots.of(StoragePoolRow)
        for volume in await cloud.store.rows(EXPUNGING, cloud.now_ms() - LEFT_ALONE_MS):
            try:
                if volume.pool_id is not None:
                    pool = pools.by_id[volume.pool_id]
                    await must(cloud, endpoint(cloud, pool), delete_command(volume, pool))
                txn = TxnSpec("volume.cleanup")
                await end_volume(cloud, txn, volume)
                text = f"Volume {volume.name} was deleted: its deletion had broken off"
                owner, what = (volume.account_id, volume.domain_id), ("Volume", volume.uuid)
                txn.put(INSERT_EVENT, event(cloud, "VOLUME.DELETE", "Completed", text, SYSTEM_USER, owner, what))
                await cloud.store.submit(txn)
            except (ApiError, HostUnreachableError, GuardFailedError) as error:
                log.info("volume is not deleted yet", volume=volume.uuid, reason=str(error))
