"""The first domain, accounts, users and extensions of an installation, with CloudStack's ids."""

from __future__ import annotations

from typing import Final

import msgspec


class FirstAccount(msgspec.Struct, frozen=True):
    """An account with its one user of the same name and id, in ROOT. Both are root admins."""

    id: int
    name: str
    type: int
    user_state: str
    state: str = "enabled"


class Extension(msgspec.Struct, frozen=True):
    """An extension that comes with the product."""

    name: str
    type: str
    state: str
    userdefined: bool = False


FIRST_DOMAINS: Final = ("ROOT",)
FIRST_ACCOUNTS: Final = (
    FirstAccount(1, "system", 1, user_state="enabled"),
    FirstAccount(2, "admin", 1, user_state="disabled"),
)
"""The system account is never logged in to; the admin user waits for its first password before it is enabled."""

EXTENSIONS: Final = (
    Extension("Proxmox", "Orchestrator", "Enabled"),
    Extension("HyperV", "Orchestrator", "Enabled"),
    Extension("MaaS", "Orchestrator", "Enabled"),
)
