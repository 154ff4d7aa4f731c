"""State machines of the API's objects: the states a client may see, and which event moves which state to which.

A move is a pure lookup: `machine("VirtualMachine.State").legal("Stopped", "StartRequested") == "Starting"`. The empty
state stands for a row that does not exist, before the first move or after the last. Where an event moves from every
state, the table says so once under `*`.

Moves are `declared` where CloudStack itself holds a table of them; elsewhere they follow what its code does, or only
the names are known and the machine has no moves.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from lakh.base.errors import LakhError
from lakh.catalogue import files

NOWHERE: Final = ""
"""The state of a row that does not exist (yet, or any more)."""

_ANY = "*"


class IllegalMoveError(LakhError):
    """The event does not move this state. Callers turn it into the API error of their command."""

    def __init__(self, machine: str, state: str, event: str, possible: tuple[str, ...]) -> None:
        events = ", ".join(possible) or "none"
        super().__init__(f"{machine}: {event} is not possible in state {state or 'nowhere'}; possible there: {events}")
        self.machine = machine
        self.state = state
        self.event = event


class StateMachine(msgspec.Struct, frozen=True):
    """One machine. `moves` is state → event → next state.

    `usage` names the moves that usage records count; `owned`, `checked` and `lost` are CloudStack's three flags of a
    host status: the server owning the host is kept, is verified on update, and the connection counts as lost.
    """

    name: str = ""
    states: tuple[str, ...] = ()
    initial: str = NOWHERE
    transitional: frozenset[str] = frozenset()
    declared: bool = False
    moves: dict[str, dict[str, str]] = {}
    usage: dict[str, tuple[str, ...]] = {}
    owned: frozenset[str] = frozenset()
    checked: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    same_as: str = ""

    def legal(self, state: str, event: str) -> str:
        """The state that `event` leads to. Raises IllegalMoveError, and ValueError for a state that does not exist."""
        found = self.moves.get(state, {}).get(event)
        if found is None:
            found = self.moves.get(_ANY, {}).get(event)
        if found is not None and self._known(state):
            return found
        raise IllegalMoveError(self.name, state, event, self.events(state))

    def allows(self, state: str, event: str) -> bool:
        """True when `legal` would answer. Raises ValueError for a state that does not exist."""
        return event in self.events(state)

    def events(self, state: str) -> tuple[str, ...]:
        """The events possible in `state`. Raises ValueError for a state that does not exist."""
        self._known(state)
        return (*self.moves.get(state, ()), *(self.moves.get(_ANY, ()) if state else ()))

    def sources(self, event: str) -> tuple[str, ...]:
        """The states that `event` moves, for the WHERE of a guarded update. Raises ValueError for an unknown event."""
        found = tuple(state for state in (NOWHERE, *self.states) if event in self.events(state))
        if not found:
            raise ValueError(f"{self.name} has no event {event}")
        return found

    def require(self, state: str) -> str:
        """`state` itself. Raises ValueError when the machine does not have it: names are never made up."""
        if state not in self.states:
            raise ValueError(f"{self.name} has no state {state!r}; its states are {', '.join(self.states)}")
        return state

    def _known(self, state: str) -> bool:
        if state != NOWHERE:
            self.require(state)
        return True


@cache
def machines() -> dict[str, StateMachine]:
    """Every machine by CloudStack's name of its type, such as `Host.ResourceState`."""
    read = files.document("states.json", dict[str, StateMachine])
    return {name: _named(name, read[m.same_as] if m.same_as else m, m.same_as) for name, m in read.items()}


def _named(name: str, machine: StateMachine, same_as: str) -> StateMachine:
    return msgspec.structs.replace(machine, name=name, same_as=same_as)


def machine(name: str) -> StateMachine:
    """The machine called `name`. Raises KeyError with the name when there is none."""
    return machines()[name]
