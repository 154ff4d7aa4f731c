"""The end of a volume's row, with its pool space, and its owner's counts if it still counts. Its file is gone already.

A volume that is Destroy or Expunging counts for nobody: whoever made it so has released it.
"""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.limit.charge import release_owner
from lakh.resources.storage_pool.row import GIVE_BACK
from lakh.resources.volume.doom import DOOMED, usage_of
from lakh.resources.volume.row import REMOVE, VolumeRow
from lakh.store.statement import TxnSpec


async def end_volume(cloud: Cloud, txn: TxnSpec, volume: VolumeRow) -> None:
    """Adds it all to `txn`."""
    if volume.pool_id is not None:
        txn.add(GIVE_BACK, volume.pool_id, volume.size_bytes)
    txn.add(REMOVE, volume.id, cloud.now_ms())
    if volume.state not in DOOMED:
        await release_owner(cloud, txn, volume.account_id, volume.domain_id, usage_of(volume))
