"""How many transactions become few statements on PostgreSQL. Pure: texts and lists in, texts and lists out.

A statement costs the client as much whether it changes one row or a hundred, so a batch of TxnSpecs is run as one
engine transaction whose equal statements are folded: INSERTs of a declared table are one COPY, or with ON CONFLICT a
SELECT from UNNEST of their columns; an UPDATE or DELETE joins UNNEST of its arguments and returns which of them found a
row. So each step still gets its own row count, and each guard its own verdict.

*Order.* Row locks last until the commit, and two batches that lock the same rows in different orders stop each other
for a second. So all batches take them alike: inserts first (their rows are nobody else's yet), then tables by name,
then those tables whose rows everybody wants (`shared`: two batches then wait for each other at their ends only), then
statements by name, then rows by key. Steps of one TxnSpec change places only when neither reads or changes what
the other changes; `order` finds that from the tables their texts name.

*Rows wanted twice.* A folded UPDATE changes a row once, so executions with the same key go in successive rounds. Unless
they only add: `used = used + $2 … AND used + $2 <= total` over one row is run once with the sum, which is what keeps a
counter shared by everyone from setting the pace. If the sum passes the guard, so does every one of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgspec

from lakh.store.statement import Statement, TxnSpec
from lakh.store.table import TABLES

_MARK = re.compile(r"'(?:[^']|'')*'|\$(\d+)")
_WORD = re.compile(r"\w+")
_UPDATE = re.compile(r"\s*UPDATE\s+\w+\s+SET\s+(?P<set>.*?)\s+WHERE\s+(?P<where>.*)", re.IGNORECASE | re.DOTALL)
_DELETE = re.compile(r"\s*DELETE\s+FROM\s+\w+\s+WHERE\s+(?P<where>.*)", re.IGNORECASE | re.DOTALL)
_UNFOLDABLE = re.compile(r"\b(?:RETURNING|WITH|LIMIT)\b", re.IGNORECASE)
_CONFLICT_KEY = re.compile(r"ON\s+CONFLICT\s*\(([^)]*)\)[^()]*DO\s+UPDATE", re.IGNORECASE)
_AND = re.compile(r"\bAND\b", re.IGNORECASE)
_INNER = re.compile(r"\([^()]*\)")
_EQUAL = re.compile(r"(?<![\w.<>!])(\w+)\s*=\s*\$(\d+)(?![\d\w])")
_ASSIGNED = re.compile(
    r"(?P<column>\w+)\s*=\s*(?:(?P=column)\s*(?P<sign>[+-])\s*)?(?:\$(?P<number>\d+)|(?P<literal>\d+|'(?:[^']|'')*'|NULL))",
    re.IGNORECASE,
)


class Item(msgspec.Struct, gc=False):
    """One step to execute: which TxnSpec of the batch, which of its steps, with what, and the row count it needs."""

    txn: int
    step: int
    arguments: tuple[Any, ...]
    expect: int | None = None


@dataclass(slots=True)
class Round:
    """One execution of a folded statement: `arrays` are its arguments, `groups` the items behind each place."""

    arrays: list[list[Any]]
    groups: list[list[Item]]


def mentioned(statement: Statement) -> frozenset[str]:
    """The declared tables that the statement's text names."""
    return frozenset(word for word in _WORD.findall(statement.text.lower()) if word in TABLES)


def only_stores(statement: Statement) -> bool:
    """True for an INSERT of a declared table that has no ON CONFLICT: many of them are one COPY."""
    return bool(statement.insert_columns) and "CONFLICT" not in statement.text


def rank(statement: Statement) -> tuple[int, str, str]:
    """The place of a statement in the order that every batch follows."""
    when = 0 if only_stores(statement) else 1
    if when and (changed := TABLES.get(statement.changes)) is not None and changed.shared:
        when = 2
    return (when, statement.changes, statement.name)


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
                for index in members:
                    _, arguments, expect = batch[index].steps[step]
                    items.append(Item(index, step, arguments, expect))
        yield chosen, items
        waiting = [each for each in waiting if each[1]]


@dataclass(frozen=True, slots=True)
class Folding:
    """How many executions of one statement become one.

    `text` takes an array per argument and, where `counted`, one of how many executions each place stands for; unless
    `insert`, it returns the places, from 1 up, for each row changed. `key` are the argument positions that tell which
    row; `sums` those to add up over one row, None where executions over one row cannot be one. `rising` are sums under
    a bound that only amounts from 0 up answer for: taking 3 twice from 10 ends below a bound of 5, taking it once does
    not.
    """

    text: str
    insert: bool
    width: int
    key: tuple[int, ...]
    sums: tuple[int, ...] | None = None
    rising: tuple[int, ...] = ()
    counted: bool = False

    def rounds(self, items: Sequence[Item]) -> Iterator[Round]:
        """The items as executions that want no row twice, in key order."""
        if not self.key:
            yield self._round([[item] for item in items])
            return
        key_of = _picker(self.key)
        left = [(key_of(item.arguments), item) for item in items]
        try:
            left.sort(key=_FIRST)
        except TypeError:  # no row is found by `= NULL`, but the sort must not fail
            left.sort(key=lambda pair: _sortable(pair[0]))
        while left:
            taken: dict[tuple[Any, ...], list[Item]] = {}
            added: dict[tuple[Any, ...], _Sum] = {}
            again: list[tuple[tuple[Any, ...], Item]] = []
            for key, item in left:
                group = taken.setdefault(key, [])
                if group:
                    if self.sums is None:
                        again.append((key, item))
                        continue
                    if (found := added.get(key)) is None:
                        found = added[key] = _Sum(self, group[0].arguments)
                    if not found.takes(item.arguments):
                        again.append((key, item))
                        continue
                group.append(item)
            yield self._round(list(taken.values()))
            left = again

    def _round(self, groups: list[list[Item]]) -> Round:
        rows = [group[0].arguments if len(group) == 1 else self._summed(group) for group in groups]
        arrays = [list(column) for column in zip(*rows, strict=True)]
        if self.counted:
            arrays.append([len(group) for group in groups])
        return Round(arrays, groups)

    def _summed(self, group: list[Item]) -> tuple[Any, ...]:
        row = list(group[0].arguments)
        for position in self.sums or ():
            row[position] = sum([item.arguments[position] for item in group])
        return tuple(row)


_FIRST = itemgetter(0)


def _sortable(key: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """A key that compares with others though values be missing."""
    return [(value is not None, value) for value in key]


@lru_cache(maxsize=1024)
def _picker(positions: tuple[int, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """What takes these positions out of arguments."""
    if len(positions) == 1:
        only = positions[0]
        return lambda arguments: (arguments[only],)
    return itemgetter(*positions) if positions else lambda _: ()


class _Sum:
    """Executions over one row that become one: alike but for their sums, each of which only rises or only falls."""

    __slots__ = ("_alike", "_amounts_of", "_known", "_rest", "_rising", "_signs")

    def __init__(self, folding: Folding, first: tuple[Any, ...]) -> None:
        sums = folding.sums or ()
        self._amounts_of = _picker(sums)
        self._rest = _picker(tuple([p for p in range(folding.width) if p not in sums]))
        self._alike: tuple[Any, ...] | None = self._rest(first)
        self._rising = [position in folding.rising for position in sums]
        self._signs: dict[int, bool] = {}  # of the sums that are not 0: does it rise?
        self._known: set[tuple[Any, ...]] = set()  # amounts that went in
        if not self._fits(self._amounts_of(first)):
            self._alike = None  # it stays alone

    def takes(self, arguments: tuple[Any, ...]) -> bool:
        """Takes the execution in, where the sum passes a bound only if its parts do."""
        if self._rest(arguments) != self._alike:
            return False
        amounts = self._amounts_of(arguments)
        return amounts in self._known or self._fits(amounts)

    def _fits(self, amounts: tuple[Any, ...]) -> bool:
        signs = self._signs.copy()
        for place, amount in enumerate(amounts):
            if amount is None:
                return False
            rises = amount > 0
            if amount and (signs.setdefault(place, rises) != rises or (not rises and self._rising[place])):
                return False
        self._signs = signs
        self._known.add(amounts)
        return True


def fold_insert(statement: Statement) -> Folding:
    """The folded form of an INSERT made by `insert()` that has an ON CONFLICT."""
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
    key = _key(outer)
    if not key:
        return None
    source = _source(types, counted=False)
    where = f"WHERE {_by_key(statement, parts['where'], outer)} RETURNING u_.u_place"
    if "set" not in parts:
        head = re.sub(r"\s+WHERE\s*$", "", text[: found.start("where")], flags=re.IGNORECASE)
        return Folding(f"{head} USING {source} {where}", False, len(types), key)
    sums, rising = _summable(assignments, parts["where"])
    counted = False
    if sums is not None:
        assignments = _ASSIGNED.sub(_times, assignments)
        if counted := "u_.u_times" in assignments:
            source = _source(types, counted=True)
    folded = f"{text[: found.start('set')]}{_joined(assignments)} FROM {source} {where}"
    return Folding(folded, False, len(types), key, sums, rising, counted)


def _key(outer: str) -> tuple[int, ...]:
    """The positions of the arguments that a condition (see `_outer`) compares with columns."""
    return tuple(int(number) - 1 for _, number in _EQUAL.findall(outer))


def in_key_order(statement: Statement, items: Sequence[Item]) -> list[Item]:
    """Executions of one statement that run one by one, so that they lock rows as folded ones do."""
    found = _UPDATE.fullmatch(statement.text) or _DELETE.fullmatch(statement.text)
    if len(items) < 2 or found is None:
        return list(items)
    key_of = _picker(_key(_outer(found["where"])))
    return sorted(items, key=lambda item: _sortable(key_of(item.arguments)))


def _source(types: Sequence[str], *, counted: bool) -> str:
    """The arrays as rows: `u_1`, `u_2`, … for the arguments, how many executions each stands for, and its place."""
    arrays = ", ".join(f"${n}::{name}[]" for n, name in enumerate((*types, "int8") if counted else types, 1))
    names = ", ".join([*(f"u_{n}" for n in range(1, len(types) + 1)), *(["u_times"] if counted else []), "u_place"])
    return f"UNNEST({arrays}) WITH ORDINALITY AS u_({names})"


def _by_key(statement: Statement, where: str, outer: str) -> str:
    """The condition of the join, written so that rows are found by the table's primary key where it tells that.

    Nothing else may tempt the planner: it takes an UNNEST for ten rows and believes a state that few rows had at the
    last ANALYZE to be rare, and would rather read all rows of that state (or of a table it has never analysed) and
    compare each with each. Within CASE a condition is checked and never looked up.
    """
    told = {found[1]: found[2] for part in _AND.split(outer) if (found := _EQUAL.fullmatch(part.strip()))}
    declared = TABLES.get(statement.changes)
    if declared is None or not told.keys() >= set(declared.primary_key):
        return _joined(where)
    keys = " AND ".join(f"{column} = u_.u_{told[column]}" for column in declared.primary_key)
    return f"{keys} AND CASE WHEN u_.u_place > 0 THEN {_joined(where)} END"


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
    bounds, and set what no condition asks for, or what a condition lets pass once it is set; None where it does more.
    Then those whose bound holds for rises only:
    `used + $2 <= total` does, `($2 <= 0 OR used + $2 <= total)` lets every fall pass."""
    refused: tuple[None, tuple[int, ...]] = (None, ())
    if _ASSIGNED.sub("", assignments).replace(",", "").strip():
        return refused
    sums: list[int] = []
    rising: list[int] = []
    for column, sign, number, _ in _ASSIGNED.findall(assignments):
        if number and not sign:  # `(column = $n OR …)` holds from the first execution on, which sets just that
            either = rf"\(\s*{column}\s*=\s*\${number}(?!\d)\s+OR\b(?:[^()]|\([^()]*\))*\)"
            where = re.sub(either, "(TRUE)", where, flags=re.IGNORECASE)
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
