"""The verdicts on kinds laid out host by host, and kept from one scan to the next.

Looking up a byte for every host by its kind costs a scan more than all other checks together, and between two scans few
hosts change their kind. So a change is noted, and verdicts that were laid out before catch up on what was noted since;
with too much to catch up on, or a zone, pod or cluster changed, they are laid out anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lakh.base.limits import PLACEMENT_KIND_CHANGES, PLACEMENT_SPREADS
from lakh.placement.kinds import Signature, Verdicts
from lakh.placement.refusal import Check

Kinds = npt.NDArray[np.intp]


class Spread:
    """Per slot: `codes`, the first check of facts that failed, and `fits`, whether none did. `counts`: by code."""

    __slots__ = ("codes", "counts", "epoch", "fits", "seen")

    def __init__(self, verdicts: Verdicts, kinds: Kinds, seen: int) -> None:
        self.codes = verdicts.array.take(kinds, mode="clip")
        self.fits = self.codes == Check.NONE
        self.counts: list[int] = np.bincount(self.codes, minlength=256).tolist()
        self.epoch = verdicts.epoch
        self.seen = seen

    def correct(self, slot: int, code: int) -> None:
        """The host of the slot has another kind now."""
        self.counts[int(self.codes[slot])] -= 1
        self.counts[code] += 1
        self.codes[slot] = code
        self.fits[slot] = code == Check.NONE


class Spreads:
    """Those of the last PLACEMENT_SPREADS signatures that were scanned for, and the slots whose kind changed lately."""

    def __init__(self) -> None:
        self._spreads: dict[Signature, Spread] = {}
        self._changed: list[int] = []
        self._forgotten = 0  # changes noted before the first of `_changed`
        self.computed = 0

    def note(self, slot: int) -> None:
        """The slot has another kind than before."""
        self._changed.append(slot)
        if len(self._changed) > PLACEMENT_KIND_CHANGES:
            self._forgotten += len(self._changed)
            self._changed.clear()

    def of(self, signature: Signature, verdicts: Verdicts, kind: Sequence[int], kinds: Kinds) -> Spread:
        """The verdicts per slot, as hosts stand now; `kind` and `kinds` hold the same, the first for single looks."""
        seen = self._forgotten + len(self._changed)
        found = self._spreads.pop(signature, None)
        if (
            found is None
            or found.epoch != verdicts.epoch
            or found.seen < self._forgotten
            or len(found.codes) != len(kinds)
        ):
            found = Spread(verdicts, kinds, seen)
            self.computed += 1
            if len(self._spreads) >= PLACEMENT_SPREADS:
                del self._spreads[next(iter(self._spreads))]
        elif found.seen < seen:
            for slot in self._changed[found.seen - self._forgotten :]:
                found.correct(slot, verdicts.codes[kind[slot]])
            found.seen = seen
        self._spreads[signature] = found  # back at the young end
        return found
