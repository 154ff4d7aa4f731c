"""How the values of rows become the numbers of columns in memory (`columns.py`): what each column is as wide as, the
texts of which there are few, and the parts of sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lakh.store.matching import NOTHING, Test, codes_that_fit
from lakh.store.sentences import Sentences
from lakh.store.table import Row

_WIDE: Final = ("_ms", "_bytes")
SAID: Final = ("shape of the text", "uuid in the text", "name in the text")
"""Columns beside those of the table, where it has sentences."""
SHAPE: Final = SAID[0]


class Numbers:
    """Those of the columns `names`; where `says`, the last two values of a row are a text and the uuid of what it is
    about."""

    def __init__(self, row: type[Row], names: Sequence[str], *, says: bool) -> None:
        kinds = {column.name: column.sql_type for column in row.TABLE.columns}
        self._names = tuple(names)
        self.texts: dict[str, dict[str | None, int]] = {n: {} for n in names if kinds[n] == "TEXT"}
        types = {n: np.int8 if n in self.texts or kinds[n] == "BOOLEAN" else np.int32 for n in names}
        self._types: dict[str, Any] = {n: np.int64 if n.endswith(_WIDE) else kind for n, kind in types.items()}
        self.sentences = Sentences() if says else None
        if says:
            self._types |= dict(zip(SAID, (np.int16, np.int32, np.int32), strict=True))

    def columns(self) -> dict[str, NDArray[Any]]:
        """Empty ones."""
        if self.sentences is not None:
            self.sentences = Sentences()
        return {name: np.zeros(0, kind) for name, kind in self._types.items()}

    def of(self, by_column: Sequence[Sequence[Any]], columns: dict[str, NDArray[Any]]) -> dict[str, list[int]]:
        """The numbers of rows as they were read, the key first. Columns that are too narrow for them are widened."""
        made = {
            name: self._numbered(name, values, columns)
            for name, values in zip(self._names, by_column[1:], strict=self.sentences is None)
        }
        if self.sentences is not None:
            made |= dict(zip(SAID, self.sentences.take(*by_column[-2:]), strict=True))
        return made

    def _numbered(self, name: str, values: Iterable[Any], columns: dict[str, NDArray[Any]]) -> list[int]:
        codes = self.texts.get(name)
        if codes is None:
            return [NOTHING if value is None else value for value in values]
        numbers = [codes.setdefault(value, len(codes)) for value in values]
        if len(codes) > np.iinfo(columns[name].dtype).max:
            self._types[name] = np.int16 if len(codes) <= np.iinfo(np.int16).max else np.int32
            columns[name] = columns[name].astype(self._types[name])
        return numbers

    def forget(self, columns: dict[str, NDArray[Any]]) -> None:
        """Lets go of what no row in the columns says any more."""
        if self.sentences is not None:
            _, uuids, names = SAID
            columns[uuids], columns[names] = self.sentences.keep(columns[uuids], columns[names])

    def wanted(self, test: Test) -> list[int] | NDArray[np.int64]:
        """The values that a test wants, as they stand in the column."""
        codes = self.texts.get(test.column)
        if codes is not None:
            return codes_that_fit(test, codes)
        if isinstance(test.values, np.ndarray):
            return test.values
        return [NOTHING if value is None else int(value) for value in test.values]

    def nothing(self, name: str) -> int:
        """What stands in a column for NULL."""
        return NOTHING if name not in self.texts else self.texts[name].get(None, NOTHING)


def grown(column: NDArray[Any], room: int) -> NDArray[Any]:
    """A column with room for so many values; what is not used of it costs no memory."""
    made = np.empty(max(room, len(column)), column.dtype)
    made[: len(column)] = column
    return made
