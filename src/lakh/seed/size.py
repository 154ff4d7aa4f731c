"""How large a seeded installation is, and how its parts are shared out: who owns what follows from the seed alone.

Accounts differ as tenants do: the first owns the most instances, the next somewhat fewer, and so on (Zipf's law,
flattened at the top, so that the largest of 25,000 accounts owns about 13,000 of a million instances). Domains form a
tree with twelve children each. Everything else is dealt round.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from lakh.base.errors import LakhError

CHILDREN: Final = 12
"""Domains below each domain."""
FLATTENED: Final = 10
NETWORK_ROOM: Final = 65_000
"""Instances of one network: its subnet is a /16."""


class SizeError(LakhError):
    """The numbers do not go together; the text says what would."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What to make. `volumes` are root disks and, above `vms`, data disks; `running` is a percentage of the VMs."""

    hosts: int = 100
    vms: int = 1000
    accounts: int = 25
    networks: int = 25
    domains: int = 5
    volumes: int = 0
    events: int = 0
    zones: int = 4
    hosts_per_cluster: int = 100
    running: int = 90
    disconnected: bool = False
    seed: int = 1

    def checked(self) -> Size:
        """The size with what was left open filled in. Raises SizeError."""
        size = msgspec.structs.replace(
            self, volumes=self.volumes or self.vms, zones=max(1, min(self.zones, self.hosts or 1))
        )
        if size.vms and not (size.networks and size.accounts and size.hosts):
            raise SizeError("instances need hosts, accounts and networks: give at least one of each")
        if size.events and not size.vms:
            raise SizeError("events are of Instances: give --vms")
        if size.networks and not size.accounts:
            raise SizeError("networks need accounts: give --accounts")
        if not size.vms <= size.volumes <= 2 * size.vms:
            raise SizeError(f"--volumes {size.volumes}: {size.vms} instances have one or two disks each")
        if size.networks < min(size.zones, size.vms):
            raise SizeError(f"--networks {size.networks}: give at least one per zone ({size.zones})")
        return size


class Shares:
    """Who owns what, by number from 0."""

    def __init__(self, size: Size) -> None:
        self.size = size
        random = np.random.default_rng(size.seed)
        owners = min(size.accounts, size.networks)
        self.parents = [number // CHILDREN - 1 for number in range(size.domains)]  # -1 is ROOT
        self.account_of_network: NDArray[np.int64] = np.arange(size.networks) % max(owners, 1)
        if not size.vms:
            self.network_of_vm: NDArray[np.int64] = np.zeros(0, np.int64)
            return
        weights = 1.0 / (np.arange(owners) + FLATTENED)
        account = random.choice(owners, size.vms, p=weights / weights.sum())
        per_account = np.bincount(self.account_of_network, minlength=owners)
        nth = random.integers(0, per_account[account])
        self.network_of_vm = account + nth * owners
        if (most := int(np.bincount(self.network_of_vm).max())) > NETWORK_ROOM:
            raise SizeError(f"a network would hold {most} instances, {NETWORK_ROOM} are the most: give more --networks")

    def domain_of_account(self, account: int) -> int:
        """The number of its domain; -1 is ROOT."""
        return account % self.size.domains if self.size.domains else -1

    def zone_of_network(self, network: int) -> int:
        return network % self.size.zones
