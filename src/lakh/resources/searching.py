"""What a list's keyword means over indexes of trigrams and columns in memory."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lakh.jobs.cloud import Cloud
from lakh.store.matching import Test
from lakh.store.search import Finders, find, finders
from lakh.store.statement import statement
from lakh.store.table import Row

VMS_OF_NICS = statement("nic.vms_of", "SELECT vm_id FROM nic WHERE id = ANY($1) AND removed_ms IS NULL")
_OF_AN_ADDRESS = re.compile(r"[0-9.]+")


class Searched:
    """`texts`: columns of the row's search. `containing`: held columns of few texts that contain the keyword; `equal`:
    those that are it. `addresses`: NICs, whose addresses are searched too, for the VMs that they are of."""

    def __init__(
        self,
        row: type[Row],
        *texts: str,
        containing: Sequence[str] = (),
        equal: Sequence[str] = (),
        addresses: type[Row] | None = None,
    ) -> None:
        self._row, self._texts = row, texts
        self._containing, self._equal = tuple(containing), tuple(equal)
        self._addresses = addresses
        self._finders: dict[tuple[str, str], Finders] = {}

    def declare(self, label: str) -> None:
        """Declares the statements of both engines."""
        for dialect in ("sqlite", "postgresql"):
            self._finder(self._row, self._texts, label, dialect)
            if self._addresses is not None:
                self._finder(self._addresses, ("ip",), label, dialect)

    def _finder(self, row: type[Row], texts: Sequence[str], label: str, dialect: str) -> Finders:
        key = (row.TABLE.name, dialect)
        known = self._finders.get(key)
        if known is None:
            search = row.TABLE.search
            assert search is not None, f"{row.TABLE.name} has no search"
            name = f"{label}.{row.TABLE.name}"
            known = self._finders[key] = finders(name, row.TABLE.name, search, texts, dialect)
        return known

    async def find(self, cloud: Cloud, label: str, keyword: str) -> tuple[list[Test], NDArray[np.int64]]:
        """Tests of which one must hold, or ids among which the row must be."""
        tests = [Test(column, containing=keyword) for column in self._containing]
        tests += [Test(column, (keyword,), ignoring_case=True) for column in self._equal]
        found = await self._found(cloud, self._row, self._texts, label, keyword)
        if self._addresses is not None and _OF_AN_ADDRESS.fullmatch(keyword):
            nics = await self._found(cloud, self._addresses, ("ip",), label, keyword)
            if len(nics):
                vms = await cloud.store.read(VMS_OF_NICS, nics.tolist())
                found = np.concatenate([found, np.array([row[0] for row in vms], np.int64)])
        return tests, found

    async def _found(
        self, cloud: Cloud, row: type[Row], texts: Sequence[str], label: str, keyword: str
    ) -> NDArray[np.int64]:
        return await find(cloud.store, self._finder(row, texts, label, cloud.store.dialect), texts, keyword)
