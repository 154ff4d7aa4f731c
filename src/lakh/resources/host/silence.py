"""Hosts that were told to do something to a file, and never said what became of it.

One that hangs does it when it wakes up, however late. So whoever takes such a deed back waits until that host is back
or known to be dead: meanwhile its job holds the line, and the file's name is not used again. A host that is back may be
at its old requests beside new ones (agent-protocol 2.8), hence a pause before what it is told next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lakh.base import limits
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.flow import Run, State
from lakh.resources.host.reach import must
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.vm.leftover import is_dead
from lakh.wire.commands.liveness import check_health


class SilenceState(State):
    """`silent_hosts`: ids of those that may do yet what nobody waits for any more."""

    silent_hosts: list[int] = []


class FileState(SilenceState):
    """`worker_id`: the host that works on the file. It is chosen before a commit, so that the next process asks the
    same one after a crash: it may be at it."""

    worker_id: int = 0


def worker_of(run: Run[Any], pool: StoragePoolRow) -> int:
    """The id of the host that was chosen, another one in place of a dead one. Raises ResourceUnavailableError."""
    chosen: int = run.state.worker_id
    return endpoint(run.cloud, pool) if is_dead(run.cloud, chosen) else chosen


@contextmanager
def noting_silence(run: Run[Any]) -> Iterator[None]:
    """Notes the host that does not answer, unless it is certain that no request of this job has reached it."""
    try:
        yield
    except HostUnreachableError as error:
        if (error.sent or run.resumed) and error.host_id not in run.state.silent_hosts:
            run.state.silent_hosts.append(error.host_id)
        raise


async def until_heard(run: Run[Any]) -> None:
    """Returns once every silent host of the run has been heard of, or is dead. Raises HostUnreachableError and
    ResourceUnavailableError before: it is for undos, which are repeated."""
    cloud, state = run.cloud, run.state
    if not state.silent_hosts:
        return
    for host_id in state.silent_hosts:
        if not is_dead(cloud, host_id):
            await must(cloud, host_id, check_health())
    await cloud.clock.sleep(limits.LATE_WORK_SECONDS)
    state.silent_hosts.clear()
