"""What makes a volume a destroyed one: it counts for its owner no more, and can be recovered until it is expunged."""

from __future__ import annotations

from typing import Final

import msgspec

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.limit.charge import release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.volume.row import DOOM, VolumeRow
from lakh.store.statement import TxnSpec

DELETABLE: Final = ("Allocated", "Ready", "Creating", "UploadError", "UploadAbandoned", "Uploaded", "Destroy")
DOOMED: Final = ("Destroy", "Expunging")
"""States of a volume that counts for nobody any more. From the first it can be recovered, with its file."""


def check_deletable(volume: VolumeRow) -> None:
    """Raises ParameterError for a volume that is in use or protected."""
    if volume.vm_id is not None:
        raise ParameterError("Please specify a volume that is not attached to any VM.")
    if volume.state not in DELETABLE:
        raise ParameterError(f"The volume {volume.uuid} is {volume.state}; wait until that has ended")
    if volume.delete_protection:
        raise ParameterError(f"Volume [id = {volume.uuid}, name = {volume.name}] has delete protection enabled and"
                             " cannot be deleted: switch it off with updateVolume")  # fmt: skip


def usage_of(volume: VolumeRow) -> Usage:
    """What a volume counts as."""
    return Usage(volume=1, primary_storage=volume.size_bytes)


async def destroy(cloud: Cloud, volume: VolumeRow, txn: TxnSpec) -> VolumeRow:
    """Adds the move to Destroy with the release of its counts; returns the volume as it will be."""
    return volume if volume.state == "Destroy" else await doom(cloud, volume, txn, "Destroy")


async def doom(cloud: Cloud, volume: VolumeRow, txn: TxnSpec, state: str) -> VolumeRow:
    """Adds the move to a state of DOOMED, off its Instance, with the release of its counts if it still counts; returns
    the volume as it will be."""
    now_ms = cloud.now_ms()
    txn.add(DOOM, volume.id, volume.state, state, now_ms, volume.vm_id or 0, volume.size_bytes)
    if volume.state not in DOOMED:
        await release_owner(cloud, txn, volume.account_id, volume.domain_id, usage_of(volume))
    return msgspec.structs.replace(volume, state=state, vm_id=None, device_id=None, attached_ms=None, updated_ms=now_ms)
