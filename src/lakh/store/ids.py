"""Row ids without a round trip: blocks are leased per sequence from the store, ids are dealt from memory.

A lease is one guarded UPDATE of the sequence's `id_block` row, so any number of servers may lease at once and no id is
dealt twice. What a server had leased and not dealt is lost when it stops: ids have gaps and still grow. `next` never
awaits; the following block is leased while half of a block is left, and a sequence that is used up faster than the
store answers leases twice as much the next time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

from lakh.base.errors import LakhError
from lakh.base.limits import ID_BLOCK, ID_BLOCK_MAX
from lakh.base.log import logger
from lakh.store.statement import TxnSpec, insert, select, statement
from lakh.store.store import DuplicateError, GuardFailedError, Store, StoreUnavailableError
from lakh.store.table import TABLES, Row, table

_log = logger("store.ids")


@table("id_block", primary_key=("name",))
class IdBlockRow(Row):
    """The next id of a sequence that no server has leased yet."""

    name: str
    next_id: int


_BLOCKS = select("id_block.by_names", IdBlockRow, "WHERE name = ANY($1)")
_FIRST = insert("id_block.insert", IdBlockRow)
LEASE = statement("id_block.lease", "UPDATE id_block SET next_id = $3 WHERE name = $1 AND next_id = $2")

LEASE_ATTEMPTS: Final = 50  # each loss means that another server got its block


class NoIdsError(LakhError):
    """`next` was called for a sequence that was not opened, or whose blocks ran out before the store answered."""


class _Sequence:
    """Blocks in hand. `current` is being dealt, `blocks` follow it."""

    __slots__ = ("blocks", "current", "lease", "left", "size")

    def __init__(self, size: int) -> None:
        self.size = size  # of the next lease
        self.left = 0
        self.current = iter(range(0))
        self.blocks: deque[range] = deque()
        self.lease: asyncio.Task[None] | None = None

    def take(self, block: range) -> None:
        self.blocks.append(block)
        self.left += len(block)

    def deal(self) -> int:
        """The next id; there must be one."""
        self.left -= 1
        for dealt in self.current:
            return dealt
        self.current = iter(self.blocks.popleft())
        return next(self.current)


class RowIds:
    """Deals row ids. A sequence is named after its table and starts at 1."""

    def __init__(self, store: Store, block: int = ID_BLOCK) -> None:
        self._store = store
        self._block = block
        self._sequences: dict[str, _Sequence] = {}

    async def open(self, *names: str) -> RowIds:
        """Leases a first block of each name, by default of every declared table with an `id`, in one transaction."""
        wanted = names or tuple(name for name, known in TABLES.items() if known.primary_key == ("id",))
        missing = {name: self._block for name in wanted if name not in self._sequences}
        for name, block in (await self._leased(missing)).items():
            self._sequences.setdefault(name, _Sequence(self._block)).take(block)
        return self

    def next(self, name: str) -> int:
        """The next id. Raises NoIdsError; before dealing many ids in one go, `reserve` them."""
        sequence = self._sequences.get(name)
        if sequence is None:
            raise NoIdsError(f"no ids of {name}: open the sequence first")
        if sequence.left <= sequence.size // 2 and sequence.lease is None:
            sequence.lease = asyncio.create_task(self._extend(name, sequence, sequence.size))
        if sequence.left == 0:
            raise NoIdsError(f"no ids of {name} left: reserve them before dealing many at once")
        return sequence.deal()

    async def reserve(self, name: str, count: int) -> None:
        """Makes sure that the next `count` ids are in hand: until the caller awaits again, nobody else takes them.
        Raises StoreUnavailableError."""
        if name not in self._sequences:
            await self.open(name)
        sequence = self._sequences[name]
        while sequence.left < count:
            if sequence.lease is not None:
                await asyncio.shield(sequence.lease)
            elif sequence.left < count:
                block = await self._leased({name: max(sequence.size, count - sequence.left)})
                sequence.take(block[name])

    async def _extend(self, name: str, sequence: _Sequence, size: int) -> None:
        try:
            sequence.take((await self._leased({name: size}))[name])
        except StoreUnavailableError as error:
            _log.warning("ids not leased", sequence=name, error=error.text)
            return
        finally:
            sequence.lease = None
        if sequence.left < size + size // 4:
            sequence.size = min(size * 2, ID_BLOCK_MAX)

    async def _leased(self, wanted: Mapping[str, int]) -> dict[str, range]:
        if not wanted:
            return {}
        for _ in range(LEASE_ATTEMPTS):
            known = {row.name: row.next_id for row in await self._store.rows(_BLOCKS, list(wanted))}
            txn = TxnSpec("leaseIds")
            leased: dict[str, range] = {}
            for name in sorted(wanted):
                first = known.get(name, 1)
                leased[name] = range(first, first + wanted[name])
                if name in known:
                    txn.add(LEASE, name, first, first + wanted[name])
                else:
                    txn.put(_FIRST, IdBlockRow(name=name, next_id=first + wanted[name]))
            try:
                await self._store.submit(txn)
            except (GuardFailedError, DuplicateError):
                continue
            return leased
        raise StoreUnavailableError("too many servers lease row ids at once; try again")
