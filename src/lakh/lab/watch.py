"""Somebody who looks at the hosts all the while: is one ever shown Down or in Alert, and what do events tell?"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from lakh.contract.client import ClientError
from lakh.lab.proof import listed
from lakh.lab.run import Run
from lakh.lab.stand import CONNECTED, Stand

BAD: Final = ("Down", "Alert")
_LOOK_SECONDS: Final = 1.0


@dataclass(slots=True)
class Watch:
    """Looks once a second, until `run` is cancelled. The most hosts ever seen in each status, the fewest connected."""

    stand: Stand
    most: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*BAD, "Disconnected"), 0))
    fewest_connected: int = -1
    looks: int = 0
    _before: frozenset[str] = frozenset()

    async def begin(self) -> None:
        """Notes the events there are already: what they tell happened before."""
        self._before = frozenset(uuid for uuid, _ in await self._events())

    async def run(self) -> None:
        while True:
            with suppress(ClientError, OSError):
                for status in self.most:
                    self.most[status] = max(self.most[status], await self.stand.listed(state=status))
                connected = int((await self.stand.metrics()).get(CONNECTED, 0))
                if self.fewest_connected < 0 or connected < self.fewest_connected:
                    self.fewest_connected = connected
                self.looks += 1
            await asyncio.sleep(_LOOK_SECONDS)

    async def fill(self, run: Run) -> None:
        """Figures of what was seen, and of the events written since `begin`."""
        run.figure("hosts_shown_down", self.most["Down"], "")
        run.figure("hosts_shown_in_alert", self.most["Alert"], "")
        run.figure("hosts_shown_disconnected", self.most["Disconnected"], "")
        run.figure("fewest_hosts_connected", max(self.fewest_connected, 0), "")
        told = [text for uuid, text in await self._events() if uuid not in self._before]
        bad = [text for text in told if any(f" {status}: " in text for status in BAD)]
        run.figure("events_of_lost_hosts", len(told), "")
        run.figure("events_down_or_alert", len(bad), "")
        for text in bad[:5]:
            run.stand.screen.say(f"  ! {text}")

    async def _events(self) -> list[tuple[str, str]]:
        found = await listed(self.stand.admin, "listEvents", "event", type="HOST.RECONNECT", listall=True)
        return [(event["id"], event.get("description", "")) for event in found]
