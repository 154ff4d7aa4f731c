"""Why nothing was found: how many candidates failed which check.

Checks have one stated order, the order of the enums below, and each candidate is charged to the first check it fails.
So the counts of a refusal add up to all candidates, and two refusals of the same state are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Check(IntEnum):
    """The checks of a host, in order. `NONE` is a host that passes all."""

    NONE = 0
    ZONE = 1
    POD = 2
    CLUSTER = 3
    HOST = 4
    STATE = 5
    ALLOCATION_STATE = 6
    DEDICATION = 7
    HYPERVISOR = 8
    ARCH = 9
    TAGS = 10
    CPU_CAPABILITY = 11
    AVOID = 12
    AFFINITY = 13
    STORAGE = 14
    OTHER_TENANT = 15
    SHARED = 16
    MAX_GUESTS = 17
    CLUSTER_CPU = 18
    CLUSTER_MEMORY = 19
    CPU = 20
    MEMORY = 21


class PoolCheck(IntEnum):
    """The checks of a storage pool, in order."""

    NONE = 0
    ZONE = 1
    POOL = 2
    SCOPE = 3
    REACH = 4
    STATUS = 5
    AVOID = 6
    TAGS = 7
    USED = 8
    ALLOCATED = 9


_HOST_TEXTS: dict[Check, str] = {
    Check.ZONE: "in another zone",
    Check.POD: "in another pod than the one asked for",
    Check.CLUSTER: "in another cluster than the one asked for",
    Check.HOST: "not the host asked for",
    Check.STATE: "not Up and Enabled",
    Check.ALLOCATION_STATE: "in a zone, pod or cluster that is not Enabled",
    Check.DEDICATION: "ruled out by dedication",
    Check.HYPERVISOR: "of another hypervisor",
    Check.ARCH: "of another CPU architecture",
    Check.TAGS: "without all host tags asked for",
    Check.CPU_CAPABILITY: "with fewer or slower CPU cores than asked for",
    Check.AVOID: "to be avoided, after an earlier attempt",
    Check.AFFINITY: "ruled out by affinity groups",
    Check.STORAGE: "out of reach of suitable storage",
    Check.OTHER_TENANT: "implicitly dedicated to an account",
    Check.SHARED: "with Instances of others or of other planners",
    Check.MAX_GUESTS: "at the hypervisor's limit of guests",
    Check.CLUSTER_CPU: "in a cluster at its CPU disable threshold",
    Check.CLUSTER_MEMORY: "in a cluster at its memory disable threshold",
    Check.CPU: "with too little free CPU",
    Check.MEMORY: "with too little free memory",
}

_POOL_TEXTS: dict[PoolCheck, str] = {
    PoolCheck.ZONE: "in another zone",
    PoolCheck.POOL: "not the pool asked for",
    PoolCheck.SCOPE: "of another scope than the one asked for",
    PoolCheck.REACH: "not reached by the host",
    PoolCheck.STATUS: "not Up",
    PoolCheck.AVOID: "to be avoided, after an earlier attempt",
    PoolCheck.TAGS: "without all storage tags asked for",
    PoolCheck.USED: "at the used capacity disable threshold",
    PoolCheck.ALLOCATED: "at the allocated capacity disable threshold",
}


def _text(check: Check | PoolCheck) -> str:
    return _HOST_TEXTS[check] if isinstance(check, Check) else _POOL_TEXTS[check]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing passes. `failed` holds (check, count) in the checks' order, without zeros; the counts add up to `total`.

    `candidates` is the plural noun, `asked` the request in words, `touched` how many candidates were looked at.
    """

    candidates: str
    asked: str
    total: int
    failed: tuple[tuple[Check | PoolCheck, int], ...]
    touched: int = 0

    def count(self, check: Check | PoolCheck) -> int:
        """How many candidates failed first at `check`."""
        return next((n for c, n in self.failed if c is check), 0)

    def text(self) -> str:
        """The sentence for administrators. Others get CloudStack's generic text of error 533."""
        if not self.total:
            return f"No {self.candidates} exist for {self.asked}"
        reasons = ", ".join(f"{count} {_text(check)}" for check, count in self.failed)
        return f"None of {self.total} {self.candidates} fits {self.asked}: {reasons}"
