"""The eight default roles and their rules.

A role's rules are tried in order and the first that matches the command decides; `*` in a rule stands for any
characters. Where none matches, the command's own role types decide, and the root admin role passes without rules
(api-conventions, section 11). `role_rules.txt` holds the rules of all roles in one list: a line is a rule (`!` denies)
and the ids of the roles that hold it, each role reading its own lines from top to bottom. `command_roles.txt` holds
the role types (by number) of the commands that name any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final, Literal

import msgspec

from lakh.catalogue import files

RoleType = Literal["Admin", "ResourceAdmin", "DomainAdmin", "User"]
Permission = Literal["allow", "deny"]

ROLE_TYPES: Final[dict[str, int]] = {"Admin": 1, "ResourceAdmin": 2, "DomainAdmin": 3, "User": 4}
"""Role types and their ids; the id is also the account's `roletype` order."""

ACCOUNT_TYPES: Final[dict[str, int]] = {"Admin": 1, "ResourceAdmin": 3, "DomainAdmin": 2, "User": 0}
"""The account type (`accounttype`) that an account of each role type has."""

ROOT_ADMIN: Final = 1
"""Id of the role that passes every check."""


class Rule(msgspec.Struct, frozen=True):
    """One rule: a command's name or a pattern with `*`."""

    rule: str
    permission: Permission


class Role(msgspec.Struct, frozen=True):
    """A default role. All of them are public, enabled, and cannot be changed or deleted."""

    id: int
    name: str
    type: RoleType
    description: str = ""


@cache
def default_roles() -> tuple[Role, ...]:
    """The default roles in id order."""
    return files.records("roles.jsonl", Role)


@cache
def rules(role_id: int) -> tuple[Rule, ...]:
    """The rules of a default role, in order. Raises KeyError for another id."""
    if role_id not in {role.id for role in default_roles()}:
        raise KeyError(role_id)
    mark = str(role_id)
    found = []
    for line in files.words("role_rules.txt"):
        rule, _, holders = line.partition(" ")
        if mark in holders:
            found.append(Rule(rule.removeprefix("!"), "deny" if rule.startswith("!") else "allow"))
    return tuple(found)


@cache
def _annotated() -> dict[str, tuple[str, ...]]:
    names = {str(number): name for name, number in ROLE_TYPES.items()}
    split = (line.partition(" ") for line in files.words("command_roles.txt"))
    return {command: tuple(names[digit] for digit in digits) for command, _, digits in split}


def role_types_of(command: str) -> tuple[str, ...]:
    """The role types that may run `command` where no rule says otherwise; none for most commands."""
    return _annotated().get(command, ())


@cache
def _ruled() -> frozenset[str]:
    return frozenset(line.partition(" ")[0].removeprefix("!") for line in files.words("role_rules.txt"))


def is_ruled(command: str) -> bool:
    """True when a default role has a rule for exactly this command."""
    return command in _ruled()


def default_role_types(command: str) -> tuple[str, ...]:
    """The role types whose first default role may run `command` in a fresh installation."""
    allowed = (t for t, number in ROLE_TYPES.items() if number != ROOT_ADMIN and _may(number, t, command))
    return ("Admin", *allowed)


def _may(role_id: int, role_type: str, command: str) -> bool:
    decided = _compiled(role_id).decide(command)
    return role_type in role_types_of(command) if decided is None else decided


@cache
def _compiled(role_id: int) -> RuleSet:
    return RuleSet(rules(role_id))


class RuleSet:
    """A role's rules, compiled: exact names are one lookup, patterns are tried in order only where they may win."""

    __slots__ = ("_exact", "_patterns")

    def __init__(self, ordered: Iterable[Rule]) -> None:
        self._exact: dict[str, tuple[int, bool]] = {}
        self._patterns: list[tuple[int, re.Pattern[str], bool]] = []
        for position, rule in enumerate(ordered):
            allowed = rule.permission == "allow"
            if "*" in rule.rule:
                pattern = ".*".join(re.escape(part) for part in rule.rule.split("*"))
                self._patterns.append((position, re.compile(pattern), allowed))
            else:
                self._exact.setdefault(rule.rule, (position, allowed))

    def decide(self, command: str) -> bool | None:
        """True when the first matching rule allows the command, False when it denies it, None when no rule matches."""
        exact = self._exact.get(command)
        for position, pattern, allowed in self._patterns:
            if exact is not None and exact[0] < position:
                break
            if pattern.fullmatch(command):
                return allowed
        return None if exact is None else exact[1]
