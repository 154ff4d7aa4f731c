"""What each role may run, compiled from its rules and kept until a rule changes.

The root admin role passes every check. For others the first matching rule decides; where none matches, the role types
that the command itself names (api-conventions, section 11). A disabled or deleted role may run nothing.
"""

from __future__ import annotations

from time import perf_counter

from lakh.catalogue.roles import ROOT_ADMIN, Rule, RuleSet, is_ruled, role_types_of
from lakh.contract.declaration import COMMANDS
from lakh.jobs.cloud import Cloud
from lakh.resources.role.row import RolePermissionRow, RoleRow
from lakh.store.snapshot import Loaded


class Access:
    """A part of the cloud: `await cloud.part(Access).load()`, then `allows(role_id, command)` without awaiting."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._roles: Loaded[RoleRow] | None = None
        self._permissions: Loaded[RolePermissionRow] | None = None
        self._rules: dict[int, RuleSet] = {}
        self._commands: dict[int, frozenset[str]] = {}
        self.hits = 0
        self.loads = 0
        self.load_seconds = 0.0

    async def load(self) -> Access:
        """Brings roles and rules up to date; cheap when nothing changed."""
        began = perf_counter()
        roles = await self._cloud.snapshots.of(RoleRow)
        permissions = await self._cloud.snapshots.of(RolePermissionRow)
        if roles is not self._roles or permissions is not self._permissions:
            self._roles, self._permissions = roles, permissions
            self._rules = _compile(permissions)
            self._commands = {}
            self.loads += 1
            self.load_seconds += perf_counter() - began
        else:
            self.hits += 1
        return self

    def role(self, role_id: int) -> RoleRow | None:
        """The role, or None when it does not exist, was deleted or is disabled."""
        if self._roles is None:
            raise RuntimeError("load() before asking")
        found = self._roles.by_id.get(role_id)
        return found if found is not None and found.removed_ms is None and found.state == "enabled" else None

    def allows(self, role_id: int, command: str) -> bool:
        """True when the role may run the command."""
        role = self.role(role_id)
        if role is None:
            return False
        if role_id == ROOT_ADMIN:
            return True
        rules = self._rules.get(role_id)
        decided = rules.decide(command) if rules is not None else None
        return role.type in _named_by(command) if decided is None else decided

    def commands(self, role_id: int) -> frozenset[str]:
        """Every command of this server that the role may run."""
        found = self._commands.get(role_id)
        if found is None:
            found = self._commands[role_id] = frozenset(c for c in COMMANDS if self.allows(role_id, c))
        return found


def _named_by(command: str) -> tuple[str, ...]:
    """The role types that the command names. A declaration lists those of the default roles: it is only asked about
    commands that no default role's rule could have put there."""
    named = role_types_of(command)
    if named or is_ruled(command) or command not in COMMANDS:
        return named
    return COMMANDS[command].roles


def _compile(permissions: Loaded[RolePermissionRow]) -> dict[int, RuleSet]:
    by_role: dict[int, list[RolePermissionRow]] = {}
    for row in permissions:
        by_role.setdefault(row.role_id, []).append(row)
    compiled = {}
    for role_id, rows in by_role.items():
        rows.sort(key=lambda row: (row.sort_order, row.id))
        compiled[role_id] = RuleSet(Rule(r.rule, "deny" if r.permission == "deny" else "allow") for r in rows)
    return compiled
