"""How many gateways, and when one is full. Open files decide: often 20,000 a process, and root cannot raise them.

One gateway may be lost at any time, so there is one more than the hosts need; a tenth more hosts may come before the
count is looked at again, and no gateway is filled above four fifths of its open files.
"""

from __future__ import annotations

import math
import resource
from collections.abc import Sequence
from typing import Final

GATEWAYS_AT_LEAST: Final = 2
_GROWTH: Final = 1.1
_FILL: Final = 0.8
_GROW_FROM: Final = 0.7
_SPARE_FILES: Final = 64  # listener, bus, logs, and what the interpreter itself opens
_FULL: Final = 0.97  # of the capacity; above, the listener closes so that the kernel picks other gateways
_ROOM: Final = 0.94  # below, it opens again


def open_files() -> int:
    """This process's limit of open files, raised to its hard limit first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1_048_576


def gateways_needed(hosts_known: int, files: int) -> int:
    """K = max(2, 1 + ceil(1.1 x hosts known / (0.8 x open files)))."""
    return max(GATEWAYS_AT_LEAST, 1 + math.ceil(_GROWTH * hosts_known / (_FILL * files)))


def must_grow(fullest_sessions: int, files: int) -> bool:
    """True when the fullest gateway holds so many sessions that another one should be started."""
    return fullest_sessions > _GROW_FROM * files


def gateways_wanted(hosts_known: int, connections: Sequence[int], running: int, files: int) -> int:
    """How many gateways there should be now, given each one's connections; never fewer than are `running`.

    Agents that are connected and not known yet count as hosts do. A full gateway asks for one more only once all that
    were asked for have come: those just started fill first.
    """
    needed = max(gateways_needed(max(hosts_known, sum(connections)), files), running)
    if needed == running == len(connections) and must_grow(max(connections), files) and _all_are_full(connections):
        needed += 1
    return needed


def _all_are_full(connections: Sequence[int]) -> bool:
    """False while another gateway has less than half of what the fullest has: the kernel evens them out by itself."""
    return min(connections) * 2 >= max(connections)


class Capacity:
    """The connections one gateway takes, and whether it should listen, with some slack so that it does not flutter."""

    __slots__ = ("_close_from", "_open_until", "connections")

    def __init__(self, files: int) -> None:
        self.connections = max(1, files - _SPARE_FILES)
        self._close_from = max(1, int(self.connections * _FULL))
        self._open_until = int(self.connections * _ROOM)

    def is_full(self, connections: int) -> bool:
        return connections >= self._close_from

    def has_room(self, connections: int) -> bool:
        return connections <= self._open_until
