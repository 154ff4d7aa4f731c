"""W workers deploy N VMs: deployVirtualMachine, then queryAsyncJobResult at 40, 80, 160, 320 ms, then every second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lakh.contract.client import Client, ClientError
from lakh.lab.installation import Installation


@dataclass(slots=True)
class Deployed:
    """What came of the deployments. Seconds are from the request to the poll that saw the end."""

    seconds: float = 0.0
    vm_seconds: list[float] = field(default_factory=list)
    vms: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    polls: int = 0

    def percentile(self, percent: float) -> float:
        """Nearest-rank percentile of the seconds per VM; 0 for none."""
        ordered = sorted(self.vm_seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


async def deploy(
    user: Client, installation: Installation, vms: int, workers: int, on_done: Callable[[int], None]
) -> Deployed:
    """Deploys `vms` VMs, a fiftieth of them in the second zone; calls `on_done(count)` after each."""
    outcome = Deployed()
    numbers = iter(range(1, vms + 1))
    polls_before = user.polls
    started = time.monotonic()

    async def work() -> None:
        for number in numbers:
            begun = time.monotonic()
            try:
                done = await user.job("deployVirtualMachine", **deployment(installation, number))
                outcome.vms.append(done["virtualmachine"])
                outcome.vm_seconds.append(time.monotonic() - begun)
            except ClientError as error:
                outcome.failures.append(str(error))
            on_done(len(outcome.vms) + len(outcome.failures))

    await asyncio.gather(*(work() for _ in range(min(workers, vms))))
    outcome.seconds = time.monotonic() - started
    outcome.polls = user.polls - polls_before
    return outcome


def deployment(installation: Installation, number: int) -> dict[str, Any]:
    """The parameters of the deployment of that number."""
    second = len(installation.zones) > 1 and number % 50 == 0
    zone = installation.zones[1 if second else 0]
    return {
        "zoneid": zone.id,
        "templateid": zone.template_id,
        "serviceofferingid": installation.offering_id,
        "networkids": zone.network_id,
        "name": f"demo-{number}",
    }
