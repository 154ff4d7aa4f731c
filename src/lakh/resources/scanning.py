"""What a list's keyword means over a text that has no index.

Such texts are long, all different, and written in thousands a second: an index of their trigrams would cost each of
those more than a search now and then. What they say stands in memory (`store/sentences.py`). What memory does not tell
(it has too many shapes of them, or the keyword has wildcards) is looked for here: among some rows, where these are few;
else by one pass over the text of all, which tells the ids at once, for the count and for every page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lakh.jobs.cloud import Cloud
from lakh.store.matching import Test
from lakh.store.search import pass_over, passing
from lakh.store.statement import statement
from lakh.store.table import Row


class Scanned:
    """`text`: the column passed over, of rows that fit `always`. `containing`: held columns of few texts that contain
    the keyword."""

    def __init__(self, row: type[Row], text: str, *, always: str, containing: Sequence[str] = ()) -> None:
        self._containing = tuple(containing)
        name, fits = row.TABLE.name, rf"{always} AND LOWER({text}) LIKE $1 ESCAPE '\'"
        self._passes = {
            dialect: passing(f"{name}.keyword.{dialect}", name, fits, dialect) for dialect in ("sqlite", "postgresql")
        }
        self._among = statement(f"{name}.keyword.among", f"SELECT id FROM {name} WHERE id = ANY($2) AND {fits}")

    async def find(
        self, cloud: Cloud, keyword: str, others: Sequence[int] | None
    ) -> tuple[list[Test], NDArray[np.int64]]:
        """Tests of which one must hold, or ids among which the row must be. `others` are the rows to look at; None
        for too many."""
        tests = [Test(column, containing=keyword) for column in self._containing]
        if others is None:
            return tests, await pass_over(cloud.store, self._passes[cloud.store.dialect], f"%{keyword}%")
        rows = await cloud.store.read(self._among, f"%{keyword}%", others) if others else []
        return tests, np.array([row[0] for row in rows], np.int64)
