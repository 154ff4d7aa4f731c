from __future__ import annotations

from typing import Any

import pytest

from lakh.catalogue.states import NOWHERE, IllegalMoveError, machine, machines


def test_a_stopped_vm_starts_runs_and_stops() -> None:
    vm = machine("VirtualMachine.State")
    state = vm.initial
    for event in ("StartRequested", "OperationSucceeded", "StopRequested", "OperationSucceeded"):
        state = vm.legal(state, event)
    assert state == "Stopped"
    assert vm.legal("Starting", "OperationSucceeded") == "Running"


def test_an_impossible_move_names_what_would_be_possible() -> None:
    vm = machine("VirtualMachine.State")
    with pytest.raises(IllegalMoveError) as refused:
        vm.legal("Error", "StartRequested")
    assert "StartRequested is not possible in state Error" in str(refused.value)
    assert "DestroyRequested, ExpungeOperation" in str(refused.value)
    assert not vm.allows("Error", "StartRequested")
    assert vm.allows("Error", "DestroyRequested")


def test_a_state_that_does_not_exist_is_refused() -> None:
    vm = machine("VirtualMachine.State")
    with pytest.raises(ValueError, match="no state 'Runing'; its states are Starting, Running"):
        vm.legal("Runing", "StopRequested")
    with pytest.raises(ValueError, match="has no event Start"):
        vm.sources("Start")
    with pytest.raises(KeyError):
        machine("VirtualMachine.Mood")


def test_rows_come_from_nowhere_and_go_there() -> None:
    rule = machine("FirewallRule.State")
    assert rule.legal(NOWHERE, "Create") == "Add"
    assert rule.legal("Revoke", "Applied") == NOWHERE


def test_sources_are_the_states_of_a_guarded_update() -> None:
    assert machine("Host.Status").sources("Ready") == ("Connecting",)
    assert machine("FirewallRule.State").sources("Delete") == ("Staged", "Add", "Active")


def test_an_event_from_every_state_moves_every_state_but_nowhere() -> None:
    vpn = machine("Site2SiteVpnConnection.State")
    assert {vpn.legal(state, "Delete") for state in vpn.states} == {"Removed"}
    assert not vpn.allows(NOWHERE, "Delete")


def test_no_state_is_made_up_in_any_machine() -> None:
    for made in machines().values():
        known = {*made.states, NOWHERE, "*"}
        assert made.initial in known
        assert made.transitional | made.owned | made.checked | made.lost <= known
        for state, moves in made.moves.items():
            assert state in known, made.name
            assert set(moves.values()) <= known, made.name


def test_machines_are_cloudstacks(states_reference: dict[str, Any]) -> None:
    assert list(machines()) == list(states_reference)
    for name, fact in states_reference.items():
        made = machine(name)
        assert made.name == name
        assert list(made.states) == fact["states"]
        assert made.initial == (fact["initial"] or NOWHERE)
        assert made.transitional == set(fact["transitional"])
        assert made.declared == fact["declared"]
        assert made.same_as == fact.get("same_as", "")
        moves = {(state, event): to for state, events in made.moves.items() for event, to in events.items()}
        assert moves == {(state or NOWHERE, event): to or NOWHERE for state, event, to in fact["transitions"]}
        usage = {(state, event) for state, events in made.usage.items() for event in events}
        assert usage == {tuple(pair) for pair in fact.get("usage_impact", [])}


def test_host_flags_are_cloudstacks(states_reference: dict[str, Any]) -> None:
    host = machine("Host.Status")
    flags = states_reference["Host.Status"]["flags"]
    assert {s: [s in host.owned, s in host.checked, s in host.lost] for s in host.states} == flags
