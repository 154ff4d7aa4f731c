"""How many transactions become few statements on PostgreSQL. Pure: texts and lists in, texts and lists out.

A statement costs the client as much whether it changes one row or a hundred, so a batch of TxnSpecs is run as one
engine transaction whose equal statements are folded: an INSERT of a declared table selects from UNNEST of its columns,
an UPDATE or DELETE joins UNNEST of its arguments and returns which of them found a row. So each step still gets its own
row count, and each guard its own verdict.

*Order.* Row locks last until the commit, and two batches that lock the same rows in different orders stop each other
for a second. So all batches take them alike: inserts first (their rows are nobody else's yet), then tables by name,
then statements by name, then rows by key. Steps of one TxnSpec change places only when neither reads or changes what
the other changes; `order` finds that from the tables their texts name.

*Rows wanted twice.* A folded UPDATE changes a row once, so executions with the same key go in successive rounds. Unless
they only add: `used = used + $2 … AND used + $2 <= total` over one row is run once with the sum, which is what keeps a
counter shared by everyone from setting the pace. If the sum passes the guard, so does every one of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lakh.store.statement import Statement, TxnSpec
from lakh.store.table import TABLES

_MARK = re.compile(r"'(?:[^']|'')*'|\$(\d+)")
_WORD = re.compile(r"\w+")
_UPDATE = re.compile(r"\s*UPDATE\s+\w+\s+SET\s+(?P<set>.*?)\s+WHERE\s+(?P<where>.*)", re.IGNORECASE | re.DOTALL)
_DELETE = re.compile(r"\s*DELETE\s+FROM\s+\w+\s+WHERE\s+(?P<where>.*)", re.IGNORECASE | re.DOTALL)
_UNFOLDABLE = re.compile(r"\b(?:RETURNING|WITH|LIMIT)\b", re.IGNORECASE)
_CONFLICT_KEY = re.compile(r"ON\s+CONFLICT\s*\(([^)]*)\)[^()]*DO\s+UPDATE", re.IGNORECASE)
_INNER = re.compile(r"\([^()]*\)")
_EQUAL = re.compile(r"(?<![\w.<>!])(\w+)\s*=\s*\$(\d+)(?![\d\w])")
_ASSIGNED = re.compile(
    r"(?P<column>\w+)\s*=\s*(?:(?P=column)\s*(?P<sign>[+-])\s*)?(?:\$(?P<number>\d+)|(?P<literal>\d+|'(?:[^']|'')*'|NULL))",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Item:
    """One step to execute: which TxnSpec of the batch, which of its steps, and with what."""

    txn: int
    step: int
    arguments: tuple[Any, ...]


@dataclass(slots=True)
class Round:
    """One execution of a folded statement: `arrays` are its arguments, `groups` the items behind each place."""

    arrays: list[list[Any]]
    groups: list[list[Item]]


def mentioned(statement: Statement) -> frozenset[str]:
    """The declared tables that the statement's text names."""
    return frozenset(word for word in _WORD.findall(statement.text.lower()) if word in TABLES)


def rank(statement: Statement) -> tuple[bool, str, str]:
    """The place of a statement in the order that every batch follows."""
    return (not statement.insert_columns or "CONFLICT" in statement.text, statement.changes, statement.name)


_ORDERS: dict[tuple[Statement, ...], tuple[int, ...]] = {}


def order(shape: tuple[Statement, ...]) -> tuple[int, ...]:
    """The steps of a TxnSpec in the common order, as far as they may change places."""
    known = _ORDERS.get(shape)
    if known is not None:
        return known
    tables = [mentioned(statement) for statement in shape]
    after: list[set[int]] = [
        {
            i
            for i in range(j)
            if shape[i] is not shape[j] and (shape[i].changes in tables[j] or shape[j].changes in tables[i])
        }
        for j in range(len(shape))
    ]
    left = list(range(len(shape)))
    found: list[int] = []
    while left:
        ready = [i for i in left if not after[i].intersection(left)]
        chosen = min(ready, key=lambda i: (rank(shape[i]), i))
        found.append(chosen)
        left.remove(chosen)
    if len(_ORDERS) > 10_000:  # shapes are as few as the verbs; this bounds what a defect could make of them
        _ORDERS.clear()
    _ORDERS[shape] = tuple(found)
    return _ORDERS[shape]


def runs(batch: Sequence[TxnSpec]) -> Iterator[tuple[Statement, list[Item]]]:
    """The batch as successive executions of one statement each, in the common order."""
    shapes: dict[tuple[Statement, ...], list[int]] = {}
    for index, txn in enumerate(batch):
        shapes.setdefault(tuple([step.statement for step in txn.steps]), []).append(index)
    waiting = [(shape, list(order(shape)), members) for shape, members in shapes.items() if shape]
    while waiting:
        chosen = min((shape[left[0]] for shape, left, _ in waiting), key=rank)
        items: list[Item] = []
        for shape, left, members in waiting:
            while left and shape[left[0]] is chosen:
                step = left.pop(0)
                items += [Item(index, step, batch[index].steps[step].arguments) for index in members]
        yield chosen, items
        waiting = [each for each in waiting if each[1]]


@dataclass(frozen=True, slots=True)
class Folding:
    """How many executions of one statement become one.

    `text` takes an array per argument and, unless `insert`, two more: how many executions each place stands for, and
    the places, which it returns for each row changed. `key` are the argument positions that tell which row; `sums`
    those to add up over one row, None where executions over one row cannot be one. `rising` are sums under a bound
    that only amounts from 0 up answer for: taking 3 twice from 10 ends below a bound of 5, taking it once does not.
    """

    text: str
    insert: bool
    width: int
    key: tuple[int, ...]
    sums: tuple[int, ...] | None = None
    rising: tuple[int, ...] = ()

    def rounds(self, items: Sequence[Item]) -> Iterator[Round]:
        """The items as executions that want no row twice, in key order."""
        ordered = sorted(items, key=self._key) if self.key else list(items)
        while ordered:
            taken: dict[Any, _Group] = {}
            again: list[Item] = []
            for place, item in enumerate(ordered):
                key = self._key(item) if self.key else place
                found = taken.get(key)
                if found is None:
                    taken[key] = _Group(item)
                elif self.sums is None or not found.adds_up(item, self.sums, self.rising):
                    again.append(item)
            yield self._round([group.items for group in taken.values()])
            ordered = again

    def _key(self, item: Item) -> tuple[Any, ...]:
        # None sorts before everything: no row is found by `= NULL`, but the sort must not fail.
        return tuple([(item.arguments[p] is not None, item.arguments[p]) for p in self.key])

    def _round(self, groups: list[list[Item]]) -> Round:
        rows: list[Sequence[Any]] = []
        sums = self.sums or ()
        for group in groups:
            first = group[0].arguments
            if len(group) > 1:
                rows.append([sum(i.arguments[p] for i in group) if p in sums else first[p] for p in range(self.width)])
            else:
                rows.append(first)
        arrays = [list(column) for column in zip(*rows, strict=True)]
        if not self.insert:
            arrays += [[len(group) for group in groups], list(range(len(groups)))]
        return Round(arrays, groups)


class _Group:
    """Executions over one row that become one: alike but for their sums, each of which only rises or only falls."""

    __slots__ = ("_signs", "items")

    def __init__(self, item: Item) -> None:
        self.items = [item]
        self._signs: dict[int, bool] = {}  # of the sums that are not 0: does it rise?

    def adds_up(self, item: Item, sums: tuple[int, ...], rising: tuple[int, ...]) -> bool:
        """Takes the item in, where the sum passes a bound only if its parts do."""
        own, other = self.items[0].arguments, item.arguments
        for position, (a, b) in enumerate(zip(own, other, strict=True)):
            if (a is None or b is None) if position in sums else a != b:
                return False
        signs = self._signs.copy()
        for position in sums:
            for amount in (own[position], other[position]):
                rises = amount > 0
                if amount and (signs.setdefault(position, rises) != rises or (not rises and position in rising)):
                    return False
        self._signs = signs
        self.items.append(item)
        return True


def fold_insert(statement: Statement) -> Folding:
    """The folded form of an INSERT made by `insert()`."""
    head, _, tail = statement.text.partition(" VALUES (")
    conflict = tail.partition(")")[2]
    arrays = ", ".join(f"${n}::{sql_type}[]" for n, sql_type in enumerate(statement.parameter_types, 1))
    key: tuple[int, ...] = ()
    if found := _CONFLICT_KEY.search(conflict):
        columns = [column.strip() for column in found[1].split(",")]
        key = tuple(statement.insert_columns.index(column) for column in columns)
    return Folding(f"{head} SELECT * FROM UNNEST({arrays}){conflict}", True, len(statement.insert_columns), key)


def fold_change(statement: Statement, types: Sequence[str]) -> Folding | None:
    """The folded form of an UPDATE or DELETE whose arguments have these types; None where there is no safe one."""
    text = statement.text
    found = _UPDATE.fullmatch(text) or _DELETE.fullmatch(text)
    if found is None or _UNFOLDABLE.search(text) or any(name.endswith("[]") for name in types):
        return None
    parts = found.groupdict()
    assignments = parts.get("set") or ""
    if re.search(r"\b(?:SELECT|FROM)\b", assignments, re.IGNORECASE):
        return None
    outer = _outer(parts["where"])
    if re.search(r"\bOR\b", outer, re.IGNORECASE):
        return None
    key = tuple(int(number) - 1 for _, number in _EQUAL.findall(outer))
    if not key:
        return None
    arrays = ", ".join(f"${n}::{name}[]" for n, name in enumerate((*types, "int8", "int4"), 1))
    names = ", ".join([*(f"u_{n}" for n in range(1, len(types) + 1)), "u_times", "u_place"])
    source = f"UNNEST({arrays}) AS u_({names})"
    where = f"WHERE {_joined(parts['where'])} RETURNING u_.u_place"
    if "set" not in parts:
        head = re.sub(r"\s+WHERE\s*$", "", text[: found.start("where")], flags=re.IGNORECASE)
        return Folding(f"{head} USING {source} {where}", False, len(types), key)
    sums, rising = _summable(assignments, parts["where"])
    if sums is not None:
        assignments = _ASSIGNED.sub(_times, assignments)
    folded = f"{text[: found.start('set')]}{_joined(assignments)} FROM {source} {where}"
    return Folding(folded, False, len(types), key, sums, rising)


def _times(assigned: re.Match[str]) -> str:
    """`vms = vms + 1` as often as the place stands for executions."""
    return f"{assigned[0]} * u_.u_times" if assigned["sign"] and assigned["literal"] else assigned[0]


def _joined(text: str) -> str:
    """The text with `$n` replaced by the n-th column of the UNNEST, quoted texts left alone."""
    return _MARK.sub(lambda m: f"u_.u_{m[1]}" if m[1] else m[0], text)


def _outer(text: str) -> str:
    """The text without what stands in parentheses or quotes."""
    text = re.sub(r"'(?:[^']|'')*'", "''", text)
    while (shorter := _INNER.sub(" ", text)) != text:
        text = shorter
    return text


def _summable(assignments: str, where: str) -> tuple[tuple[int, ...] | None, tuple[int, ...]]:
    """Positions of the arguments to add up, where the UPDATE does nothing but add and take away under upper and lower
    bounds, and set what no condition asks for; None where it does more. Then those whose bound holds for rises only:
    `used + $2 <= total` does, `($2 <= 0 OR used + $2 <= total)` lets every fall pass."""
    refused: tuple[None, tuple[int, ...]] = (None, ())
    if _ASSIGNED.sub("", assignments).replace(",", "").strip():
        return refused
    sums: list[int] = []
    rising: list[int] = []
    for column, sign, number, _ in _ASSIGNED.findall(assignments):
        if sign and number:
            bound = r"\+\s*\$N\s*<=?" if sign == "+" else r"(?:-\s*\$N\s*>=?|>=\s*\$N(?!\d))"
            bound = rf"\b{column}\s*{bound.replace('N', number)}"
            argument = rf"(?:CAST\(\s*\${number}\s+AS\s+\w+\s*\)|\${number})"
            where = re.sub(rf"\(\s*{argument}\s*<=?\s*0\s+OR\s+{bound}", "(", where, flags=re.IGNORECASE)
            where, bounds = re.subn(bound, "", where)
            if re.search(rf"\${number}(?!\d)", where):
                return refused
            sums.append(int(number) - 1)
            if bounds:
                rising.append(int(number) - 1)
        if re.search(rf"\b{column}\b", where):
            return refused
    return tuple(sums), tuple(rising)
