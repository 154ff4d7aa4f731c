"""How many VMs are on hosts: of users from columns in memory, of the system by an index that holds only those."""

from __future__ import annotations

from typing import NamedTuple

from lakh.jobs.cloud import Cloud
from lakh.resources.listing import Held
from lakh.store.statement import statement

RUNNING = "Running"
USERS = statement(
    "vm.users_on_hosts",
    "SELECT host_id, state, COUNT(*) FROM vm WHERE host_id = ANY($1) AND removed_ms IS NULL AND type = 'User'"
    " GROUP BY host_id, state",
)
SYSTEMS = statement(
    "vm.systems_on_hosts",
    "SELECT host_id, state, COUNT(*) FROM vm WHERE host_id = ANY($1) AND host_id IS NOT NULL AND removed_ms IS NULL"
    " AND type <> 'User' GROUP BY host_id, state",
)


class Guests(NamedTuple):
    """VMs of a host: all that take room there, and how many of them run."""

    running: int = 0
    all: int = 0


async def guests_on_hosts(cloud: Cloud, host_ids: list[int]) -> tuple[dict[int, Guests], dict[int, Guests]]:
    """(users' VMs, system VMs) by host id, for hosts that have any."""
    if not host_ids:
        return {}, {}
    columns = await cloud.part(Held).fresh("vm")
    if columns is not None:
        users = [(host, state, count) for (host, state), count in columns.tally("host_id", host_ids, "state").items()]
    else:
        users = [(row[0], row[1], row[2]) for row in await cloud.store.read(USERS, host_ids)]
    return _counted(users), _counted([(row[0], row[1], row[2]) for row in await cloud.store.read(SYSTEMS, host_ids)])


def _counted(found: list[tuple[int, str | None, int]]) -> dict[int, Guests]:
    guests: dict[int, Guests] = {}
    for host_id, state, count in found:
        running, whole = guests.get(host_id, Guests())
        guests[host_id] = Guests(running + (count if state == RUNNING else 0), whole + count)
    return guests
