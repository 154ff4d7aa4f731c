"""Settings and their groups as the API shows them. A secured value is never shown."""

from __future__ import annotations

from typing import ClassVar

from lakh.catalogue.settings import Group, Setting, acted_on
from lakh.contract.view import View

HIDDEN_VALUE = "********"
NOT_ACTED_ON = " (kept and shown only: this server does not act on it)"
"""An answer has no field that says so, and clients show the description beside the value."""


class ConfigurationView(View):
    OBJECT: ClassVar[str] = "configuration"

    id: int | None = None
    category: str | None = None
    group: str | None = None
    subgroup: str | None = None
    name: str | None = None
    value: str | None = None
    defaultvalue: str | None = None
    description: str | None = None
    scope: str | None = None
    isdynamic: bool | None = None
    component: str | None = None
    parent: str | None = None
    displaytext: str | None = None
    type: str | None = None
    options: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ConfigurationSubGroupView(View):
    name: str | None = None
    precedence: int | None = None


class ConfigurationGroupView(View):
    OBJECT: ClassVar[str] = "configurationgroup"

    name: str | None = None
    precedence: int | None = None
    description: str | None = None
    subgroup: list[ConfigurationSubGroupView] | None = None
    jobid: str | None = None
    jobstatus: int | None = None


def configuration_view(setting: Setting, value: str | None, scope: tuple[str, int]) -> ConfigurationView:
    """`value` is the one in force in `scope`: a name of Setting.scopes with the row's id, or ("Global", 0)."""
    shown = HIDDEN_VALUE if setting.secured and value else value
    scoped = scope[0] != "Global"
    return ConfigurationView(
        id=scope[1] if scoped else None,
        category=setting.category,
        group=setting.group,
        subgroup=setting.subgroup,
        name=setting.name,
        value=shown,
        defaultvalue=setting.default,
        description=setting.displaytext + ("" if setting.name in acted_on() else NOT_ACTED_ON),
        scope=scope[0].lower() if scoped else ",".join(setting.scopes),
        isdynamic=setting.dynamic,
        component=setting.component or None,
        parent=setting.parent or None,
        displaytext=setting.displaytext,
        type=setting.api_type,
        options=",".join(setting.options) or None,
    )


def group_view(group: Group) -> ConfigurationGroupView:
    subgroups = sorted(group.subgroups, key=lambda sub: (sub.precedence, sub.name))
    return ConfigurationGroupView(
        name=group.name,
        precedence=group.precedence,
        subgroup=[ConfigurationSubGroupView(name=sub.name, precedence=sub.precedence) for sub in subgroups],
    )
