"""What a list's keyword means over a text that has no index.

Such texts are long, all different, and written in thousands a second: an index of their trigrams would cost each of
those more than a search now and then. So the keyword is looked for among the rows that fit everything else, where these
are few; else by one pass over the text of all, which tells the ids at once, for the count and for every page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lakh.jobs.cloud import Cloud
from lakh.store.matching import Test
from lakh.store.search import ids_of
from lakh.store.statement import statement
from lakh.store.table import Row


class Scanned:
    """`text`: the column passed over, of rows that fit `always`. `containing`: held columns of few texts that contain
    the keyword."""

    def __init__(self, row: type[Row], text: str, *, always: str, containing: Sequence[str] = ()) -> None:
        self._containing = tuple(containing)
        name, fits = row.TABLE.name, rf"{always} AND LOWER({text}) LIKE $1 ESCAPE '\'"
        passes = {
            dialect: statement(
                f"{name}.keyword.{dialect}",
                f"SELECT {together}(id) FROM {name} WHERE {fits}",
                full_scan="a text without an index is passed over",
                dialect=dialect,
            )
            for dialect, together in (("sqlite", "group_concat"), ("postgresql", "array_agg"))
        }
        self._pass = passes
        self._among = statement(f"{name}.keyword.among", f"SELECT id FROM {name} WHERE id = ANY($2) AND {fits}")

    async def find(
        self, cloud: Cloud, keyword: str, others: Sequence[int] | None
    ) -> tuple[list[Test], NDArray[np.int64]]:
        """Tests of which one must hold, or ids among which the row must be. `others` are the rows that fit everything
        else; None for too many."""
        tests = [Test(column, containing=keyword) for column in self._containing]
        if others is None:
            return tests, ids_of((await cloud.store.read(self._pass[cloud.store.dialect], f"%{keyword}%"))[0][0])
        rows = await cloud.store.read(self._among, f"%{keyword}%", others) if others else []
        return tests, np.array([row[0] for row in rows], np.int64)
