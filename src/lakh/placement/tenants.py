"""Hosts that are an account's own by implicit dedication: ImplicitDedicationPlanner, and what it asks of all planners.

A host that carries something has one *tenant*: SHARED, any Instances that other planners placed; or an account, whose
Instances of such offerings are alone there. An empty host takes the tenant of whoever comes first, and the host is
nobody's again with the last to go (a stopped Instance that keeps its place holds it). So one number per host says it
all, in memory as in the store, where the guarded UPDATE that reserves compares it: two control processes that propose
one empty host to two accounts never both get it. CloudStack keeps the same as the planner's resource usage of a host,
Shared or Dedicated, of whichever account.

MIXED is a host that was an account's own until an Instance of others was found running there: nobody placed it, and
nobody else is placed there until it is told apart again (`healing/tenants.py`) or empty.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

SHARED: Final = 0
MIXED: Final = -1


class Tenants:
    """The slots that have another tenant than SHARED; those of one account are found without a look at others."""

    def __init__(self) -> None:
        self._slots: dict[int, set[int]] = {}

    def __bool__(self) -> bool:
        """False where no host is anybody's own: then nobody need look."""
        return bool(self._slots)

    def change(self, slot: int, before: int, after: int) -> None:
        """The slot's host has another tenant now."""
        if before != SHARED:
            slots = self._slots[before]
            slots.discard(slot)
            if not slots:
                del self._slots[before]
        if after != SHARED:
            self._slots.setdefault(after, set()).add(slot)

    def slots(self) -> list[int]:
        """All of them, in ascending order."""
        return sorted(slot for slots in self._slots.values() for slot in slots)

    def own(self, account_id: int) -> npt.NDArray[np.intp]:
        """The slots of an account's own hosts, in ascending order."""
        return np.array(sorted(self._slots.get(account_id, ())), np.intp)
