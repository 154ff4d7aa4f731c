"""Letting others run."""

from __future__ import annotations

import asyncio


async def turns(count: int) -> None:
    """So many turns of the loop: what waits for nothing but its turn comes far in them."""
    for _ in range(count):
        await asyncio.sleep(0)
