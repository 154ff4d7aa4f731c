"""docs/coverage.md: the reference, what of it is declared, and what the recorded tests prove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.coverage import reference
from tests.coverage.observations import Observations
from tests.coverage.settings_read import read_settings

from lakh.catalogue import guest_os, hypervisors, kinds, networks, offerings, roles, settings, states, storage

HEAD = """\
# Coverage of the API

Made by the test run (`make coverage`); do not edit. *There* means declared by a command of ours and bound or answered;
*proven* is stricter and comes from the calls that passed tests made, through whatever client:

- a **parameter** is proven when one test gives it two values and sees two outcomes: either all other parameters are
  equal and the outcomes differ, or one field of the answers shows each call's own value. Leaving it out is no value; an
  outcome is the answer or the job's result without dates and without the uuids that the call made, or the error code;
- a **field** is proven when one test saw it with two values in answers of that command; a field of a nested object, in
  answers of any command.

Tiers are those of demand by real clients: 0 is the user interface's log-in and dashboards and the standard benchmark, 1
what three or more suites call, 2 what one or two do, 3 the rest.
"""


@dataclass(slots=True)
class Share:
    """How much of something is proven, there, and in the reference."""

    proven: int = 0
    there: int = 0
    all: int = 0

    def add(self, other: Share) -> None:
        self.proven += other.proven
        self.there += other.there
        self.all += other.all

    def __str__(self) -> str:
        return f"{self.proven} / {self.there} / {self.all}"


def share(proven: Iterable[str], there: Iterable[str], fact: Iterable[str]) -> Share:
    """Only what the reference has counts; what we answer beyond it is nobody's coverage."""
    facts = set(fact)
    declared = facts & set(there)
    return Share(len(declared & set(proven)), len(declared), len(facts))


def write(seen: Observations) -> str:
    """The whole document."""
    sections = (
        _totals(seen),
        _catalogue(),
        _settings(),
        *(_tier(seen, tier) for tier in reference.tiers()),
        _nested(seen),
    )
    return HEAD + "".join("\n" + "\n".join(lines) + "\n" for lines in sections)


def _table(*columns: str) -> list[str]:
    align = [":---" if i == 0 else "---:" for i, _ in enumerate(columns)]
    return [_row(*columns), _row(*align)]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _command(seen: Observations, name: str) -> tuple[Share, Share]:
    fact, ours = reference.load("api.json")[name], reference.ours()
    return (
        share(seen.parameters.get(name, ()), ours.parameters.get(name, ()), fact["params"]),
        share(seen.fields.get(name, ()), ours.fields.get(name, ()), fact["response"]),
    )


def _totals(seen: Observations) -> list[str]:
    lines = ["## Totals", "", "Parameters and fields: proven / there / in the reference.", ""]
    lines += _table("tier", "commands there", "in the reference", "called by tests", "parameters", "fields")
    whole: list[Any] = [0, 0, 0, Share(), Share()]
    for tier, commands in reference.tiers().items():
        there = [name for name in commands if name in reference.ours().parameters]
        parameters, fields = Share(), Share()
        for name in commands:
            for total, one in zip((parameters, fields), _command(seen, name), strict=True):
                total.add(one)
        called = sum(1 for name in there if seen.calls.get(name))
        lines.append(_row(tier, len(there), len(commands), called, parameters, fields))
        for i, number in enumerate((len(there), len(commands), called)):
            whole[i] += number
        whole[3].add(parameters)
        whole[4].add(fields)
    return [*lines, _row("all", *whole)]


def catalogue_counts() -> Iterator[tuple[str, int, int]]:
    """(what, how many we have, how many a fresh CloudStack has)."""
    fact: Mapping[str, Any] = reference.load("catalogue.json")
    machines = reference.load("states.json")
    ours: dict[str, tuple[Any, Any]] = {
        "settings": (settings.settings(), fact["settings"] + fact["settings_db_only"]),
        "setting groups": (settings.groups(), fact["settings_groups"]),
        "values of a fresh installation": (settings.initial_values(), fact["settings_initial_values"]),
        "OS categories": (guest_os.os_categories(), fact["oscategories"]),
        "OS types": (guest_os.os_types(), fact["ostypes"]),
        "OS mappings": (guest_os.os_mappings(), fact["ostype_mappings"]),
        "hypervisors": (hypervisors.hypervisors(), fact["hypervisors"]),
        "hypervisor capabilities": (
            hypervisors.capabilities(),
            fact["hypervisor_capabilities"] + fact["hypervisor_capabilities_others"],
        ),
        "service offerings": (offerings.service_offerings(), fact["serviceofferings"]),
        "disk offerings": (offerings.disk_offerings(), fact["diskofferings"]),
        "network offerings": (offerings.network_offerings(), fact["networkofferings"]),
        "VPC offerings": (offerings.vpc_offerings(), fact["vpcofferings"]),
        "network services": (networks.network_services(), fact["network_services"]),
        "network providers": (networks.network_providers(), fact["network_providers"]),
        "storage providers": (storage.storage_providers(), fact["storage_providers"]),
        "templates": (storage.templates(), fact["builtin_templates"]),
        "roles": (roles.default_roles(), fact["roles"]),
        "rules of roles": (
            [rule for role in roles.default_roles() for rule in roles.rules(role.id)],
            [rule for role in fact["roles"] for rule in role["permissions"]],
        ),
        "limited resources": (kinds.resource_types(), fact["resource_types"]),
        "event types": (kinds.event_types(), fact["event_types"]),
        "alert types": (kinds.alert_types(), fact["alert_types"]),
        "capacity types": (kinds.capacity_types(), fact["capacity_types"]),
        "usage types": (kinds.usage_types(), fact["usage_types"]),
        "state machines": (states.machines(), machines),
        "states": (
            [state for machine in states.machines().values() for state in machine.states],
            [state for machine in machines.values() for state in machine["states"]],
        ),
        "moves between states": (
            [move for machine in states.machines().values() for to in machine.moves.values() for move in to],
            [move for machine in machines.values() for move in machine["transitions"]],
        ),
    }
    for what, (mine, theirs) in ours.items():
        yield what, len(mine), len(theirs)


def _catalogue() -> list[str]:
    lines = ["## Catalogue of a fresh installation", "", *_table("what", "there", "in the reference")]
    return lines + [_row(*counts) for counts in catalogue_counts()]


def _settings() -> list[str]:
    counts = f"{len(read_settings())} of {len(settings.settings())} settings are read, and docs/settings.md names them."
    return ["## Settings", "", counts + " Any other can be listed, changed and reset, and changes nothing yet."]


def _tier(seen: Observations, tier: str) -> list[str]:
    ours = reference.ours()
    commands = reference.tiers()[tier]
    there = [name for name in commands if name in ours.parameters]
    lines = [f"## Tier {tier}: {len(there)} of {len(commands)} commands", ""]
    if there:
        lines += _table("command", "parameters", "not proven", "fields", "not proven")
    for name in sorted(there):
        fact = reference.load("api.json")[name]
        parameters, fields = _command(seen, name)
        lines.append(
            _row(
                name if seen.calls.get(name) else f"{name} (not called)",
                parameters,
                _missing(fact["params"], ours.parameters[name], seen.parameters.get(name, ())),
                fields,
                _missing(fact["response"], ours.fields[name], seen.fields.get(name, ())),
            )
        )
    absent = sorted(set(commands) - set(there))
    return [*lines, "", "Not there: " + ", ".join(absent) + "."] if absent else lines


def _missing(facts: Iterable[str], there: Iterable[str], proven: Iterable[str]) -> str:
    """Names that are there without proof; then, in brackets, names that are not there."""
    unproven = sorted(set(facts) & set(there) - set(proven))
    absent = sorted(set(facts) - set(there))
    return " ".join([*unproven, *(f"[{name}]" for name in absent)])


def read(text: str) -> Observations:
    """What a document says is proven: each row names all that is not. Written again, only declarations differ."""
    seen = Observations()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name, _, uncalled = cells[0].partition(" ")
        if len(cells) == 5 and name in reference.load("api.json"):
            fact = reference.load("api.json")[name]
            seen.calls[name] = 0 if uncalled else 1
            seen.parameters[name] = fact["params"].keys() - _named(cells[2])
            seen.fields[name] = fact["response"].keys() - _named(cells[4])
        elif len(cells) == 3 and name in reference.load("api-types.json"):
            seen.nested_fields[name] = reference.load("api-types.json")[name].keys() - _named(cells[2])
    return seen


def _named(cell: str) -> set[str]:
    return {name.strip("[]") for name in cell.split()}


def _nested(seen: Observations) -> list[str]:
    ours = reference.ours().nested_fields
    lines = ["## Nested objects", "", "Fields of objects inside answers: proven / there / in the reference.", ""]
    lines += _table("type", "fields", "not proven")
    for name in sorted(ours):
        fact = reference.load("api-types.json")[name]
        proven = seen.nested_fields.get(name, ())
        lines.append(_row(name, share(proven, ours[name], fact), _missing(fact, ours[name], proven)))
    return lines
