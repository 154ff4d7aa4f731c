"""How many guests each account has on which host, told from the VMs' columns that lists keep in memory anyway.

UserDispersingPlanner, UserConcentratedPodPlanner and their algorithms go by these counts. A server starts without
them, and counts what it places itself; what other control processes place it learns here. The first pass, as soon as
the columns are loaded, takes them as they stand. A later one mends what stood a pass ago: a difference may be a
commit under way. No statement of its own.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.placement.hosts import HostColumns
from lakh.resources.configuration.values import Settings
from lakh.resources.held import Held
from lakh.resources.host.index import HostIndex
from lakh.resources.vm.held import ON_A_HOST, VMS

log = logger(__name__)

ACCOUNTS_AT_ONCE = 500
VMS_AT_ONCE = 50_000

Guests = dict[int, int]
"""Host id to guests there."""


class AccountGuests(Reconciler):
    """`_seen` is what differed at the last pass: (account id, host id) to guests as stored and as known; None before
    the first."""

    name: ClassVar[str] = "guests of accounts"
    everywhere: ClassVar[bool] = True

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], tuple[int, int]] | None = None

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("capacity.check.period") / 1000, 1.0)

    async def run(self, cloud: Cloud) -> None:
        index, vms = cloud.part(HostIndex), cloud.part(Held).of(VMS)
        await index.load()
        await vms.loaded()
        if not await vms.fresh():
            return
        accounts, hosts = (vms.values(column, ON_A_HOST) for column in ("account_id", "host_id"))
        known = index.columns.accounts.hosts
        owners = set(known)
        for start in range(0, len(accounts), VMS_AT_ONCE):
            owners.update(np.unique(accounts[start : start + VMS_AT_ONCE]).tolist())
            await asyncio.sleep(0)
        everybody = np.array(sorted(owners), np.int64)
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for start in range(0, len(everybody), ACCOUNTS_AT_ONCE):
            some = everybody[start : start + ACCOUNTS_AT_ONCE]
            here = (accounts >= some[0]) & (accounts <= some[-1])
            stored = _counted(accounts[here], hosts[here])
            for account_id in some.tolist():
                found.update(_differences(index.columns, account_id, stored.get(account_id, {})))
            await asyncio.sleep(0)
        self._mend(index.columns, found)
        self._seen = found

    def _mend(self, columns: HostColumns, found: dict[tuple[int, int], tuple[int, int]]) -> None:
        first = self._seen is None
        for (account_id, host_id), counts in found.items():
            stands = first or (self._seen or {}).get((account_id, host_id)) == counts
            if stands and host_id in columns and _known(columns, account_id, host_id) == counts[1]:
                columns.set_account_guests(account_id, host_id, counts[0])
        if not first and found:
            log.info("guests of accounts differ", differences=len(found))


def _counted(accounts: NDArray[np.int64], hosts: NDArray[np.int64]) -> dict[int, Guests]:
    """Guests by account and host, of as many VMs as the arrays are long."""
    both, counts = np.unique((accounts.astype(np.int64) << 32) | hosts, return_counts=True)
    counted: dict[int, Guests] = {}
    for key, count in zip(both.tolist(), counts.tolist(), strict=True):
        counted.setdefault(key >> 32, {})[key & 0xFFFFFFFF] = count
    return counted


def _differences(columns: HostColumns, account_id: int, stored: Guests) -> dict[tuple[int, int], tuple[int, int]]:
    slots = columns.accounts.hosts.get(account_id, {})
    known = {columns.host_id[slot]: count for slot, count in slots.items()}
    if known == stored:
        return {}
    return {
        (account_id, host_id): (stored.get(host_id, 0), known.get(host_id, 0))
        for host_id in known.keys() | stored.keys()
        if stored.get(host_id, 0) != known.get(host_id, 0) and host_id in columns
    }


def _known(columns: HostColumns, account_id: int, host_id: int) -> int:
    return columns.accounts.hosts.get(account_id, {}).get(columns.slot_of[host_id], 0)
