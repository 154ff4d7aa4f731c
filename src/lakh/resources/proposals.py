"""What a flow's step proposed and may not have stored: addresses and VLANs that memory counts as taken.

A commit that loses a race has the step decide anew, and a flow that fails there stores nothing: nobody else would free
what it had proposed. So a step notes how to look each of them up, and looks before it proposes again; the flow's
`failed` step looks once more. What is stored by then is its row's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from lakh.jobs.flow import Run

Recheck = Callable[[], Awaitable[None]]
_KEY: Final = "addresses proposed"


def proposed(run: Run[Any], recheck: Recheck) -> None:
    """Notes a proposal; `recheck` counts it as free unless it is stored."""
    run.memory.setdefault(_KEY, []).append(recheck)


async def recheck_proposals(run: Run[Any]) -> None:
    """Looks all of them up. Raises StoreUnavailableError, and goes on where it stopped when called again."""
    waiting: list[Recheck] = run.memory.get(_KEY, [])
    while waiting:
        await waiting[-1]()
        waiting.pop()
