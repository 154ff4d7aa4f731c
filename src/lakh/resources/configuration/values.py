"""Settings in force, read without awaiting: the nearest override, else the global one, else the catalogue's default."""

from __future__ import annotations

from time import perf_counter

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
        self._global: dict[str, str] = {}  # as asked for without a scope
        self.version = 0
        """Another number after values have changed: for what is worked out from them."""
        self.hits = 0
        self.loads = 0
        self.load_seconds = 0.0

    async def refresh(self) -> None:
        """Reads all overrides anew."""
        began = perf_counter()
        rows = await self._cloud.store.rows(ALL)
        found = {(r.name, r.scope, r.scope_id): r.value for r in rows}
        if found != self._overrides:
            self._overrides, self._global = found, {}
            self.version += 1
        self.loads += 1
        self.load_seconds += perf_counter() - began

    def text(self, name: str, *scopes: tuple[str, int]) -> str:
        """The value in force; the empty text for none. Raises KeyError for a name that is no setting."""
        self.hits += 1
        for scope in scopes:
            found = self._overrides.get((name, *scope))
            if found is not None:
                return found
        known = self._global.get(name)
        if known is None:
            found = self._overrides.get((name, "Global", 0))
            known = self._global[name] = fresh_value(name) or "" if found is None else found
        return known

    def integer(self, name: str, *scopes: tuple[str, int]) -> int:
        """The value as a whole number; 0 for none."""
        return int(self.text(name, *scopes) or 0)

    def number(self, name: str, *scopes: tuple[str, int]) -> float:
        return float(self.text(name, *scopes) or 0)

    def flag(self, name: str, *scopes: tuple[str, int]) -> bool:
        return self.text(name, *scopes).lower() == "true"
