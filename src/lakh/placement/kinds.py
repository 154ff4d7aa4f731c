"""Hosts that differ only in load are of one kind, and whatever does not depend on load is decided once per kind.

A kind is immutable: a host that goes Down, or gets a tag, moves to another kind. One cloud has a few kinds per cluster,
so the ten checks that compare facts cost one vector operation over the kinds per *signature* (what a request asks of
such facts), are remembered for it, and then cost a probe one byte look-up and a scan one gather. Nothing need be
forgotten when hosts come and go; only a change of a zone, pod or cluster (rare, by an admin) forgets the verdicts.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from lakh.base.limits import PLACEMENT_VERDICTS
from lakh.placement.refusal import Check

T = TypeVar("T")

ABSENT = 0
"""The kind of a slot without a host."""
ABSENT_CODE = 255


class Kind(NamedTuple):
    """What one host is, apart from its load: dense numbers of its facts. `owner` is its own dedication, 0 for none."""

    zone: int
    pod: int
    cluster: int
    usable: int
    hypervisor: int
    arch: int
    tag_set: int
    owner: int
    cpu_cores: int
    cpu_speed_mhz: int


class Signature(NamedTuple):
    """What a request asks of kinds, in the same numbers. None does not matter; -1 is a value that no host has.

    `tags` is a bitset, `owners` are the numbers of the dedications that are the caller's.
    """

    zone: int
    hypervisor: int | None
    arch: int | None
    tags: int
    explicit_dedication: bool
    owners: frozenset[int]
    cpu_count: int
    cpu_speed_mhz: int


class Numbers(Generic[T]):
    """Dense numbers for hashable values, in order of first sight, from 0."""

    __slots__ = ("_numbers", "values")

    def __init__(self, *first: T) -> None:
        self._numbers: dict[T, int] = {v: i for i, v in enumerate(first)}
        self.values: list[T] = list(first)

    def of(self, value: T) -> int:
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number

    def find(self, value: T) -> int:
        """The number of a value, -1 if it was never seen."""
        return self._numbers.get(value, -1)

    def __len__(self) -> int:
        return len(self.values)


class Places:
    """Zones, pods or clusters: dense numbers with their allocation state and dedication."""

    __slots__ = ("enabled", "numbers", "owner")

    def __init__(self) -> None:
        self.numbers = Numbers[int]()
        self.enabled: list[bool] = []
        self.owner: list[int] = []

    def of(self, place_id: int) -> int:
        number = self.numbers.of(place_id)
        if number == len(self.enabled):
            self.enabled.append(True)
            self.owner.append(0)
        return number


class Verdicts(NamedTuple):
    """Per kind: the first failed check as a byte (for probes) and as an array, and whether none failed. Within an
    `epoch` kinds are added, but what was judged stays."""

    codes: bytes
    array: npt.NDArray[np.uint8]
    passes: npt.NDArray[np.bool_]
    epoch: int


class KindTable:
    """All kinds seen, and the verdicts on them by signature."""

    def __init__(self, zones: Places, pods: Places, clusters: Places, tag_sets: list[int]) -> None:
        """`tag_sets` are the bitsets of the tag set numbers; the list grows as sets appear."""
        self._places = (zones, pods, clusters)
        self._tag_sets = tag_sets
        self._numbers: dict[Kind, int] = {}
        self.kinds: list[Kind | None] = [None]  # ABSENT
        self._columns: npt.NDArray[np.int64] = np.zeros((0, len(Kind._fields)), np.int64)
        self._verdicts: dict[Signature, Verdicts] = {}
        self.computed = 0
        self._epoch = 0

    def of(self, kind: Kind) -> int:
        number = self._numbers.get(kind)
        if number is None:
            number = self._numbers[kind] = len(self.kinds)
            self.kinds.append(kind)
        return number

    def forget(self) -> None:
        """A zone, pod or cluster changed: every verdict may be wrong now."""
        self._verdicts.clear()
        self._epoch += 1

    def verdicts(self, signature: Signature) -> Verdicts:
        """The verdict on every kind. Remembered for the last PLACEMENT_VERDICTS signatures."""
        found = self._verdicts.pop(signature, None)
        if found is None or len(found.codes) != len(self.kinds):
            array = self._judge(signature)
            found = Verdicts(array.tobytes(), array, array == Check.NONE, self._epoch)
            self.computed += 1
            if len(self._verdicts) >= PLACEMENT_VERDICTS:
                del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[signature] = found  # back at the young end
        return found

    def _judge(self, asked: Signature) -> npt.NDArray[np.uint8]:
        codes = np.zeros(len(self.kinds), np.uint8)
        codes[ABSENT] = ABSENT_CODE
        if len(self.kinds) == 1:
            return codes
        if len(self._columns) != len(self.kinds) - 1:
            self._columns = np.array(self.kinds[1:], np.int64)
        judged = codes[1:]
        for check, failed in self._failures(asked):
            judged[failed & (judged == Check.NONE)] = check
        return codes

    def _failures(self, asked: Signature) -> list[tuple[Check, npt.NDArray[np.bool_]]]:
        zone, pod, cluster, usable, hypervisor, arch, tag_set, _, cores, speed = self._columns.T
        open_zone, open_pod, open_cluster = (np.array(p.enabled, bool) for p in self._places)
        failures = [
            (Check.ZONE, zone != asked.zone),
            (Check.STATE, usable == 0),
            (Check.ALLOCATION_STATE, ~(open_zone[zone] & open_pod[pod] & open_cluster[cluster])),
            (Check.DEDICATION, self._dedicated_away(asked)),
        ]
        if asked.hypervisor is not None:
            failures.append((Check.HYPERVISOR, hypervisor != asked.hypervisor))
        if asked.arch is not None:
            failures.append((Check.ARCH, arch != asked.arch))
        if asked.tags:
            wanted = asked.tags
            lacking = np.array([wanted < 0 or tags & wanted != wanted for tags in self._tag_sets], bool)
            failures.append((Check.TAGS, lacking[tag_set]))
        failures.append((Check.CPU_CAPABILITY, (cores < asked.cpu_count) | (speed < asked.cpu_speed_mhz)))
        return failures

    def _dedicated_away(self, asked: Signature) -> npt.NDArray[np.bool_]:
        """The narrowest dedication of host, cluster and pod decides; a foreign zone is closed whatever stands in it."""
        owner = self._columns[:, Kind._fields.index("owner")]
        of_zone, of_pod, of_cluster = (
            np.array(places.owner, np.int64)[self._columns[:, column]] for column, places in enumerate(self._places)
        )
        ours = np.array(sorted(asked.owners), np.int64)
        inner = np.where(owner != 0, owner, np.where(of_cluster != 0, of_cluster, of_pod))
        foreign_zone = (of_zone != 0) & ~np.isin(of_zone, ours)
        narrowest = np.where(inner != 0, inner, of_zone)
        wrong: npt.NDArray[np.bool_] = ~np.isin(narrowest, ours) if asked.explicit_dedication else inner != 0
        wrong |= foreign_zone
        return wrong
