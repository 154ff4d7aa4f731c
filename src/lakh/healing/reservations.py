"""Gives back what stopped Instances keep of their hosts, once `capacity.skipcounting.hours` have passed."""

from __future__ import annotations

from typing import ClassVar

from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.vm.reservation import BEFORE, VmReservationRow, end, forget, kept_seconds
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

log = logger(__name__)


class StoppedReservations(Reconciler):
    """One that starts or is destroyed meanwhile ends its reservation itself."""

    name: ClassVar[str] = "reservations of stopped instances"

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("capacity.check.period") / 1000, 1.0)

    async def run(self, cloud: Cloud) -> None:
        before_ms = cloud.now_ms() - kept_seconds(cloud) * 1000
        ended = 0
        while rows := await cloud.store.rows(BEFORE, before_ms):
            here = sum([await _end(cloud, row) for row in rows])
            if not here:
                break  # others are at it, too: the next pass sees what they left
            ended += here
        if ended:
            log.info("places of stopped instances given back", instances=ended)


async def _end(cloud: Cloud, row: VmReservationRow) -> bool:
    txn = TxnSpec("vm.reservation_over")
    end(txn, row)
    try:
        await cloud.store.submit(txn)
    except GuardFailedError:
        return False
    forget(cloud, row)
    return True
