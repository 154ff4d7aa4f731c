"""From raw parameters to a bound command: CloudStack's kinds and its leniency (api-conventions, sections 7 and 8).

Binding is pure, so it cannot look up uuids: it lists them as `Lookup`s, the edge resolves them to row ids, and
`Bound.command` completes the instance:

    bound = bind(spec, normalized(pairs), "User")
    command = bound.command(await entities.resolve(bound.lookups))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lakh.base import limits
from lakh.base.errors import MalformedParameterError, ParameterError
from lakh.base.ids import is_uuid
from lakh.contract.dates import parse_date
from lakh.contract.declaration import CommandSpec, Declaration, Param
from lakh.contract.types import Kind

_control = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]").search
_integer = re.compile(r"[+-]?[0-9]+").fullmatch
_real = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?\s*").fullmatch
_domain_label = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)").fullmatch
_NUMBER_LENGTH = 64
_BITS = {Kind.INTEGER: 31, Kind.LONG: 63, Kind.SHORT: 15}


class Lookup(NamedTuple):
    """A uuid (or internal number) to resolve: of which parameter, in which table; `place` in a list, else -1."""

    param: str
    entity: str
    text: str
    place: int


def normalized(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Raw pairs with names as binding wants them: lower-cased, but a map's field keeps its case.

    A later pair replaces an earlier one of the same name. Raises ParameterError for control characters in a value.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if not value.isprintable() and _control(value) and name.lower() != "activationrule":
            raise ParameterError(f"Received value for parameter {name} contains illegal ASCII control characters")
        if "[" in name:
            head, bracket, tail = name.partition("[")
            found[head.lower() + bracket + tail] = value
        else:
            found[name.lower()] = value
    return found


class Bound:
    """A command's values so far, and what must be looked up to complete it."""

    __slots__ = ("_spec", "_values", "lookups")

    def __init__(self, spec: CommandSpec) -> None:
        self._spec = spec
        self._values: dict[str, Any] = {}
        self.lookups: list[Lookup] = []

    def command(self, ids: Sequence[int | None]) -> Declaration:
        """The bound command; `ids` are the lookups' row ids in order. Raises ParameterError where one is None."""
        for lookup, found in zip(self.lookups, ids, strict=True):
            if found is None:
                raise unknown_entity(self._spec, lookup.param, lookup.text)
            if lookup.place < 0:
                self._values[lookup.param] = found
            else:
                self._values[lookup.param][lookup.place] = found
        return self._spec.declaration(**self._values)


def bind(spec: CommandSpec, parameters: Mapping[str, str], role: str) -> Bound:
    """Binds normalized parameters; unknown ones are ignored, and so are those not meant for `role`.

    Raises ParameterError (431) or MalformedParameterError (430) with the texts that clients parse.
    """
    bound = Bound(spec)
    maps: dict[str, list[tuple[int, str, str]]] | None = None
    for name, value in parameters.items():
        if "[" in name:
            head, index, field = _map_entry(name)
            if head in spec.params:
                maps = {} if maps is None else maps
                maps.setdefault(head, []).append((index, field, value))
            continue
        declared = spec.params.get(name)
        if declared is None or declared.kind is Kind.MAP or (declared.roles and role not in declared.roles):
            continue
        if value == "" and declared.required:
            raise missing(spec, name)
        _set(bound, spec, declared, value)
    for head, entries in (maps or {}).items():
        declared = spec.params[head]
        if declared.kind is Kind.MAP and not (declared.roles and role not in declared.roles):
            bound._values[head] = _map_value(declared, entries)
    for name in spec.required:
        if not _given(bound, name):
            raise missing(spec, name)
    return bound


def _given(bound: Bound, name: str) -> bool:
    if bound._values.get(name) not in (None, [], {}):
        return True
    return any(lookup.param == name for lookup in bound.lookups)


def missing(spec: CommandSpec, name: str) -> ParameterError:
    """The error of a required parameter that is absent or empty."""
    return ParameterError(f"Unable to execute API command {spec.name.lower()} due to missing parameter {name}")


def unknown_entity(spec: CommandSpec, name: str, text: str) -> ParameterError:
    """The error of a uuid that names nothing. cloudstack-go and Terraform parse it to mean "gone"."""
    return ParameterError(
        f"Unable to execute API command {spec.name.lower()} due to invalid value. Invalid parameter {name}"
        f" value={text} due to incorrect long value format, or entity does not exist or due to incorrect parameter"
        " annotation for the field in api cmd class."
    )


def _invalid(spec: CommandSpec, declared: Param, value: str) -> ParameterError:
    return ParameterError(
        f"Unable to execute API command {spec.name.lower()} due to invalid value {value[:255]}"
        f" for parameter {declared.name}"
    )


# --- one value -------------------------------------------------------------------------------------------------------
def _set(bound: Bound, spec: CommandSpec, declared: Param, value: str) -> None:
    kind = declared.kind
    if kind is Kind.UUID:
        if declared.as_text:
            if value:
                bound._values[declared.name] = value
        elif value == "-1":
            bound._values[declared.name] = -1
        elif _worth_looking_up(declared, value):
            bound.lookups.append(Lookup(declared.name, declared.entity, value, -1))
        return
    if kind is Kind.LIST:
        _set_list(bound, spec, declared, value)
        return
    converted = _CONVERT[kind](spec, declared, value)
    if converted is None:
        return
    for validation in declared.validations:
        if not _VALIDATE[validation](converted):
            raise ParameterError(f"Invalid value provided for API arg: {declared.name} ({_WANTED[validation]})")
    bound._values[declared.name] = converted


def _worth_looking_up(declared: Param, value: str) -> bool:
    """Empty is absent; so is anything but a uuid for a parameter that carries `since`."""
    return bool(value) and not (declared.since and not is_uuid(value))


def _set_list(bound: Bound, spec: CommandSpec, declared: Param, value: str) -> None:
    tokens = [t for t in value.split(",") if t]
    if len(tokens) > limits.LIST_VALUES:
        raise ParameterError(
            f"Parameter {declared.name} holds {len(tokens)} values; at most {limits.LIST_VALUES} may be given"
        )
    if declared.of is Kind.UUID:
        wanted = [t for t in tokens if t == "-1" or _worth_looking_up(declared, t)]
        bound._values[declared.name] = [-1 if t == "-1" else None for t in wanted]
        bound.lookups.extend(Lookup(declared.name, declared.entity, t, i) for i, t in enumerate(wanted) if t != "-1")
        return
    convert = _CONVERT[declared.of or Kind.STRING]
    bound._values[declared.name] = [convert(spec, declared, t) for t in tokens]


def _string(spec: CommandSpec, declared: Param, value: str) -> str:
    if len(value) > declared.max_length:
        raise ParameterError(f"Value greater than max allowed length {declared.max_length} for param: {declared.name}")
    return value


def _boolean(spec: CommandSpec, declared: Param, value: str) -> bool:
    return value.lower() == "true"


def _whole(spec: CommandSpec, declared: Param, value: str) -> int | None:
    kind = declared.of or declared.kind
    if kind is Kind.INTEGER and not value.strip():
        return None
    if not _integer(value) or len(value) > 20:
        raise _invalid(spec, declared, value)
    number = int(value)
    if not -(1 << _BITS[kind]) <= number < 1 << _BITS[kind]:
        raise _invalid(spec, declared, value)
    return number


def _float(spec: CommandSpec, declared: Param, value: str) -> float | None:
    if not value.strip():
        return None
    if len(value) > _NUMBER_LENGTH or not _real(value):  # the pattern takes quadratic time on a long wrong text
        raise _invalid(spec, declared, value)
    return float(value.strip().rstrip("fFdD"))


def _date(spec: CommandSpec, declared: Param, value: str) -> int | None:
    if not value:
        return None
    try:
        return parse_date(value, end_of_day=declared.name == "enddate")
    except ValueError:
        raise ParameterError(
            f"Unable to parse date {value[:64]} for parameter {declared.name}: give yyyy-MM-dd, yyyy-MM-dd HH:mm:ss"
            " or yyyy-MM-ddTHH:mm:ss+0000"
        ) from None


_CONVERT: dict[Kind, Callable[[CommandSpec, Param, str], Any]] = {
    Kind.STRING: _string,
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _whole,
    Kind.LONG: _whole,
    Kind.SHORT: _whole,
    Kind.FLOAT: _float,
    Kind.DOUBLE: _float,
    Kind.DATE: _date,
}


def _is_domain_name(value: Any) -> bool:
    labels = str(value).split(".")
    return len(str(value)) <= 253 and all(_domain_label(label) for label in labels)


_VALIDATE: dict[str, Callable[[Any], bool]] = {
    "NotNullOrEmpty": lambda value: bool(str(value).strip()),
    "PositiveNumber": lambda value: value > 0,
    "UuidString": lambda value: is_uuid(str(value)),
    "RFCComplianceDomainName": _is_domain_name,
}
_WANTED = {
    "NotNullOrEmpty": "must not be empty",
    "PositiveNumber": "must be greater than 0",
    "UuidString": "must be a uuid",
    "RFCComplianceDomainName": "must be a domain name of letters, digits and hyphens",
}


# --- maps ------------------------------------------------------------------------------------------------------------
def _map_entry(name: str) -> tuple[str, int, str]:
    """`tags[0].key` → ("tags", 0, "key")."""
    head, _, tail = name.partition("[")
    index, closing, field = tail.partition("]")
    if not closing or "[" in tail or "]" in field or not field.startswith(".") or len(field) < 2:
        raise _malformed(name)
    if not _integer(index) or len(index) > 10:
        raise _malformed(name)
    return head, int(index), field[1:]


def _malformed(name: str) -> MalformedParameterError:
    return MalformedParameterError(
        f"The format of parameter {name[:255]} is not valid: give name[index].field=value with a whole number as index"
    )


def _map_value(declared: Param, entries: list[tuple[int, str, str]]) -> Any:
    by_index: dict[int, dict[str, str]] = {}
    for index, field, value in entries:
        by_index.setdefault(index, {})[field] = value
    ordered = [by_index[i] for i in sorted(by_index)]
    if declared.pairs:
        return ordered
    merged: dict[str, str] = {}
    for one in ordered:
        merged.update(one)
    return merged
