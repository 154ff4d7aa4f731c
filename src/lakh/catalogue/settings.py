"""Settings: every name CloudStack's `listConfigurations` knows, its default, and what its value may be.

A setting belongs to a subgroup, which belongs to a group. `scopes` says where an override may stand; the value in
force is the nearest override, else the global one, else the default. The files hold the catalogue; overrides are rows
of `configuration`. Names are unique.

A fresh installation differs from the defaults in a few values, which older schemas or the first start wrote
(`fresh_values`); an installation for developers in a few more (`developer_values`).
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal

import msgspec

from lakh.catalogue import files

SettingType = Literal["Boolean", "Integer", "Long", "Float", "Double", "String"]
Kind = Literal["CSV", "Order", "Select", "WhitespaceSeparatedListWithOptions"]
Scope = Literal["Global", "Zone", "Cluster", "Domain", "Account", "StoragePool", "ManagementServer", "ImageStore"]
Writer = Literal["fresh", "schema", "first start", "developer prefill"]

_API_TYPES = {"Integer": "Number", "Long": "Number", "Float": "Decimal", "Double": "Decimal"}


class Setting(msgspec.Struct, frozen=True):
    """One setting. A `default` of None is no value at all, unlike the empty text.

    `accepts` narrows the values beyond type and options: a range `0-5`, listed words `a,b`, or a named form
    (see `setting_value`). `multiplier` turns the value into the server's unit. `build` names the CloudStack build that
    has the setting, empty for the ordinary one. A setting that is not `registered` has a default but no place in lists;
    one that is not `declared` is left in the store by history alone. The value of a `secured` one is never shown.
    """

    name: str
    type: SettingType = "String"
    default: str | None = None
    category: str = "Advanced"
    subgroup: str = "Others"
    scopes: tuple[Scope, ...] = ("Global",)
    dynamic: bool = False
    component: str = "ManagementServer"
    kind: Kind | None = None
    options: tuple[str, ...] = ()
    accepts: str = ""
    parent: str = ""
    multiplier: int = 1
    build: str = ""
    secured: bool = False
    strict_scope: bool = False
    registered: bool = True
    declared: bool = True

    @property
    def group(self) -> str:
        return group_of(self.subgroup)

    @property
    def api_type(self) -> str:
        """The `type` of an answer: Boolean, Number, Decimal, Range, String, or the kind of list."""
        if self.kind is not None:
            return self.kind
        if self.accepts[:1].isdigit():
            return "Range"
        return _API_TYPES.get(self.type, self.type)

    @property
    def displaytext(self) -> str:
        """The name as words: `account.cleanup.interval` is "Account cleanup interval"."""
        parts = [part.upper() if part in _acronyms() else part for part in self.name.replace("-", ".").split(".")]
        return " ".join([parts[0][:1].upper() + parts[0][1:], *parts[1:]])


class SubGroup(msgspec.Struct, frozen=True):
    """A subgroup; `keywords` are words of a setting's name that put it here."""

    name: str
    precedence: int
    keywords: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """A group; lower precedence is shown first."""

    name: str
    precedence: int
    subgroups: tuple[SubGroup, ...]


class InitialValue(msgspec.Struct, frozen=True):
    """A value written at installation, and what writes it."""

    name: str
    value: str | None
    by: Writer


@cache
def _acronyms() -> frozenset[str]:
    return frozenset(files.words("acronyms.txt"))


@cache
def settings() -> dict[str, Setting]:
    """Every setting by name, in the order of names."""
    return {s.name: s for s in files.records("settings.jsonl", Setting)}


def setting(name: str) -> Setting:
    """The setting called `name`. Raises KeyError when there is none."""
    return settings()[name]


ACTED_ON: Final = files.DATA / "settings_read.txt"


@cache
def acted_on() -> frozenset[str]:
    """The settings that the server reads; made from its code. Any other is kept and shown, and changes nothing."""
    return frozenset(files.words(ACTED_ON.name))


@cache
def groups() -> tuple[Group, ...]:
    """The groups with their subgroups, by precedence."""
    return files.records("setting_groups.jsonl", Group)


@cache
def _groups_by_subgroup() -> dict[str, str]:
    return {sub.name: group.name for group in groups() for sub in group.subgroups}


def group_of(subgroup: str) -> str:
    """The group that holds `subgroup`. Raises KeyError when there is none."""
    return _groups_by_subgroup()[subgroup]


@cache
def initial_values() -> tuple[InitialValue, ...]:
    """Values that an installation writes, in order; of two for one setting the later holds."""
    return files.records("setting_values.jsonl", InitialValue)


_OURS: dict[str, str | None] = {"ca.plugin.root.auth.strictness": "false"}
"""CloudStack starts strict, and brings each host its certificate by SSH when it is added. Here agents come by
themselves and get theirs over their connection, so the first of them come without (docs/agents.md)."""


@cache
def fresh_values() -> dict[str, str | None]:
    """What a fresh installation holds beside the defaults once it has started for the first time."""
    return {v.name: v.value for v in initial_values() if v.by != "developer prefill"} | _OURS


@cache
def developer_values() -> dict[str, str | None]:
    """What an installation for developers holds on top of `fresh_values`."""
    return {v.name: v.value for v in initial_values() if v.by == "developer prefill"}


def fresh_value(name: str) -> str | None:
    """The value of `name` in a fresh installation. Raises KeyError for an unknown name."""
    found = setting(name)
    return fresh_values().get(name, found.default)
