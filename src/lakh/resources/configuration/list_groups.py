"""listConfigurationGroups: how settings are grouped."""

from __future__ import annotations

from lakh.catalogue.settings import groups
from lakh.contract.declaration import ADMIN, param
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.configuration.view import ConfigurationGroupView, group_view


class ListConfigurationGroups(ListCommand, roles=ADMIN, answer=ConfigurationGroupView, since="4.18.0"):
    """Lists groups of settings with their subgroups, by precedence."""

    group: str | None = param("the group of exactly this name")

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        found = [
            group
            for group in sorted(groups(), key=lambda group: group.precedence)
            if (self.group is None or group.name == self.group)
            and (self.keyword is None or self.keyword.lower() in group.name.lower())
        ]
        return Listed(len(found), [group_view(group) for group in found[offset : offset + limit]])
