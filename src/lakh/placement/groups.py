"""Sets of slots from which one is drawn at random in constant time, whatever their size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class SlotSet:
    """A set of slot numbers with O(1) add, remove and draw. `slots` is dense; its order depends on history only."""

    __slots__ = ("_where", "slots")

    def __init__(self) -> None:
        self.slots: list[int] = []
        self._where: dict[int, int] = {}

    def add(self, slot: int) -> None:
        if slot not in self._where:
            self._where[slot] = len(self.slots)
            self.slots.append(slot)

    def remove(self, slot: int) -> None:
        """Removes a slot, if it is there; the last one takes its place."""
        at = self._where.pop(slot, None)
        if at is None:
            return
        last = self.slots.pop()
        if last != slot:
            self.slots[at] = last
            self._where[last] = at

    def array(self) -> npt.NDArray[np.intp]:
        """The slots in ascending order, so that ties fall the same way as in a scan of all."""
        return np.array(sorted(self.slots), np.intp)

    def __len__(self) -> int:
        return len(self.slots)


EMPTY = SlotSet()
