"""Writes pairs of boxes until it is killed, and tells on standard output which pairs were acknowledged.

python -m tests.store.crashing_writer URL
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys

from tests.store.stock import INSERT_BOX, box

from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec


async def main(url: str) -> None:
    store = await open_store(url)
    numbers = itertools.count(1)

    async def write() -> None:
        for number in numbers:
            pair = TxnSpec("addPair").put(INSERT_BOX, box(2 * number)).put(INSERT_BOX, box(2 * number + 1))
            await store.submit(pair)
            os.write(1, f"{number}\n".encode())

    await asyncio.gather(*(write() for _ in range(40)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
