"""How many VMs are on hosts, told from columns in memory; by the engine while those load."""

from __future__ import annotations

from typing import NamedTuple

from lakh.jobs.cloud import Cloud
from lakh.resources.held import Held
from lakh.resources.vm.held import SYSTEM_ONLY, USERS_ONLY, VMS
from lakh.store.statement import statement

RUNNING = "Running"
ON_HOSTS = statement(
    "vm.counts_on_hosts",
    "SELECT host_id, state, COUNT(*), type = 'User' FROM vm WHERE host_id = ANY($1) AND removed_ms IS NULL"
    " GROUP BY host_id, state, type = 'User'",
)


class Guests(NamedTuple):
    """VMs of a host: all that take room there, and how many of them run."""

    running: int = 0
    all: int = 0


async def guests_on_hosts(cloud: Cloud, host_ids: list[int]) -> tuple[dict[int, Guests], dict[int, Guests]]:
    """(users' VMs, system VMs) by host id, for hosts that have any."""
    if not host_ids:
        return {}, {}
    columns = await cloud.part(Held).fresh(VMS)
    if columns is None:
        found = await cloud.store.read(ON_HOSTS, host_ids)
        users = [(row[0], row[1], row[2]) for row in found if row[3]]
        return _counted(users), _counted([(row[0], row[1], row[2]) for row in found if not row[3]])
    tallies = (columns.tally("host_id", host_ids, "state", only) for only in (USERS_ONLY, SYSTEM_ONLY))
    users, systems = ([(host, state, count) for (host, state), count in tally.items()] for tally in tallies)
    return _counted(users), _counted(systems)


def _counted(found: list[tuple[int, str | None, int]]) -> dict[int, Guests]:
    guests: dict[int, Guests] = {}
    for host_id, state, count in found:
        running, whole = guests.get(host_id, Guests())
        guests[host_id] = Guests(running + (count if state == RUNNING else 0), whole + count)
    return guests
