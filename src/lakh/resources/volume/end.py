"""The end of a volume's row, with its pool space and its owner's counts. Its file is gone already."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.limit.charge import release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.storage_pool.row import GIVE_BACK
from lakh.resources.volume.row import REMOVE, VolumeRow
from lakh.store.statement import TxnSpec


async def end_volume(cloud: Cloud, txn: TxnSpec, volume: VolumeRow) -> None:
    """Adds it all to `txn`."""
    if volume.pool_id is not None:
        txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
    txn.add(REMOVE, volume.id, cloud.now_ms())
    usage = Usage(volume=1, primary_storage=volume.size_bytes)
    await release_owner(cloud, txn, volume.account_id, volume.domain_id, usage)
