"""Settings in force, read without awaiting: the nearest override, else the global one, else the catalogue's default."""

from __future__ import annotations

from lakh.catalogue.settings import fresh_value
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.row import ALL


class Settings:
    """A part of the cloud: `cloud.part(Settings).integer("ping.interval")`.

    Scopes are asked in the order given: `settings.text("x", ("Cluster", 5), ("Zone", 1))`. Call `refresh` at start and
    after a change; readers see the values of the last refresh.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._overrides: dict[tuple[str, str, int], str | None] = {}
        self.hits = 0
        self.loads = 0

    async def refresh(self) -> None:
        """Reads all overrides anew."""
        rows = await self._cloud.store.rows(ALL)
        self._overrides = {(r.name, r.scope, r.scope_id): r.value for r in rows}
        self.loads += 1

    def text(self, name: str, *scopes: tuple[str, int]) -> str:
        """The value in force; the empty text for none. Raises KeyError for a name that is no setting."""
        self.hits += 1
        for scope in (*scopes, ("Global", 0)):
            found = self._overrides.get((name, *scope))
            if found is not None:
                return found
        return fresh_value(name) or ""

    def integer(self, name: str, *scopes: tuple[str, int]) -> int:
        """The value as a whole number; 0 for none."""
        return int(self.text(name, *scopes) or 0)

    def number(self, name: str, *scopes: tuple[str, int]) -> float:
        return float(self.text(name, *scopes) or 0)

    def flag(self, name: str, *scopes: tuple[str, int]) -> bool:
        return self.text(name, *scopes).lower() == "true"
