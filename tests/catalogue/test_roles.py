from __future__ import annotations

from typing import Any

import pytest

from lakh.catalogue.roles import Rule, RuleSet, default_role_types, default_roles, role_types_of, rules


def decide(role_id: int, command: str) -> bool | None:
    return RuleSet(rules(role_id)).decide(command)


def test_a_user_may_deploy_but_not_add_hosts() -> None:
    assert decide(4, "deployVirtualMachine") is True
    assert decide(4, "addHost") is None


def test_read_only_admins_read_and_nothing_else() -> None:
    assert decide(5, "listVirtualMachines") is True
    assert decide(5, "getVMPassword") is True
    assert decide(5, "getUploadParamsForVolume") is False
    assert decide(5, "deployVirtualMachine") is False


def test_the_first_matching_rule_decides() -> None:
    ordered = [Rule("listZones", "deny"), Rule("list*", "allow"), Rule("listHosts", "deny"), Rule("*Metrics", "deny")]
    compiled = RuleSet(ordered)
    assert compiled.decide("listZones") is False
    assert compiled.decide("listHosts") is True
    assert compiled.decide("listHostsMetrics") is True
    assert compiled.decide("updateMetrics") is False
    assert compiled.decide("deployVirtualMachine") is None
    assert compiled.decide("xlistZones") is None


def test_a_pattern_is_text_but_for_its_star() -> None:
    compiled = RuleSet([Rule("list.*", "allow")])
    assert compiled.decide("listZones") is None
    assert compiled.decide("list.x") is True


def test_only_default_roles_have_rules_here() -> None:
    with pytest.raises(KeyError):
        rules(9)


def test_roles_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    facts = catalogue_reference["roles"]
    assert [(r.id, r.name, r.type) for r in default_roles()] == [(f["id"], f["name"], f["type"]) for f in facts]
    for fact in facts:
        assert fact["isdefault"]
        assert fact["ispublic"]
        assert fact["state"] == "enabled"
        assert [[r.rule, r.permission] for r in rules(fact["id"])] == fact["permissions"], fact["name"]


def test_default_role_types_of_every_command_are_cloudstacks(api_reference: dict[str, Any]) -> None:
    for command, fact in api_reference.items():
        if command != "migrateVolume":  # the reference describes the admin class, the user's class names all
            assert set(role_types_of(command)) == set(fact["roles"]), command
        assert set(default_role_types(command)) == set(fact["defroles"]), command
