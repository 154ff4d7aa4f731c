"""Filters of lists, told by two values each: what either shows, and that they differ.

pods = Filters(admin, "listPods", "pod")
await pods.tell("zoneid", {first["id"]: ["pod1"], second["id"]: ["pod2"]})
await pods.pages()
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.api import Tenant


class Filters:
    """One list as one caller sees it; `key` is the answer's object, `shown` the field that names one."""

    def __init__(self, who: Tenant, command: str, key: str, shown: str = "name", **always: Any) -> None:
        self.who = who
        self.command = command
        self.key = key
        self.shown = shown
        self.always = always

    async def names(self, **given: Any) -> list[str]:
        """What is listed, by name, in the order of names."""
        answer = await self.who.call(self.command, **self.always, **given)
        found = answer.get(self.key, [])
        assert answer.get("count", 0) >= len(found)
        return sorted(one[self.shown] for one in found)

    async def tell(self, parameter: str, values: Mapping[Any, list[str]], **given: Any) -> None:
        """Each value of the parameter shows exactly those names, and no two values the same."""
        assert len({tuple(names) for names in values.values()}) > 1, "two values, two outcomes"
        for value, names in values.items():
            assert await self.names(**given, **{parameter: value}) == sorted(names), (self.command, parameter, value)

    async def nothing(self, *parameters: str, value: Any = "no such thing", hit: Mapping[str, Any]) -> None:
        """For each parameter: `hit`'s value shows something, `value` nothing."""
        for parameter in parameters:
            assert await self.names(**{parameter: hit[parameter]}), (self.command, parameter, hit[parameter])
            assert await self.names(**{parameter: value}) == [], (self.command, parameter, value)

    async def pages(self) -> None:
        """Pages of one and of two, in the order of the whole."""
        call, always = self.who.call, self.always
        whole = [one["id"] for one in (await call(self.command, **always))[self.key]]
        assert len(whole) > 1, "too few to page through"
        for page in (1, 2):
            part = await call(self.command, **always, page=page, pagesize=1)
            assert (part["count"], [one["id"] for one in part[self.key]]) == (len(whole), whole[page - 1 : page])
        part = await call(self.command, **always, page=1, pagesize=2)
        assert [one["id"] for one in part[self.key]] == whole[:2]
