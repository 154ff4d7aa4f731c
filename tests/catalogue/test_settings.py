from __future__ import annotations

from typing import Any

import pytest

from lakh.base.errors import ParameterError
from lakh.catalogue import setting_value
from lakh.catalogue.settings import (
    developer_values,
    fresh_value,
    groups,
    initial_values,
    setting,
    settings,
)


def test_a_setting_tells_where_it_belongs_and_how_it_is_shown() -> None:
    found = setting("account.cleanup.interval")
    assert (found.group, found.subgroup, found.category) == ("Access", "Account", "Advanced")
    assert (found.type, found.default, found.api_type, found.dynamic) == ("Integer", "86400", "Number", False)
    assert found.displaytext == "Account cleanup interval"
    assert setting("api.allowed.source.cidr.list").displaytext == "API allowed source CIDR list"
    with pytest.raises(KeyError):
        setting("no.such.setting")


def test_api_types_are_those_the_dashboard_knows() -> None:
    shown = {
        "account.allow.expose.host.hostname": "Boolean",
        "cpu.overprovisioning.factor": "Decimal",
        "router.extra.public.nics": "Range",
        "vm.allocation.algorithm": "Select",
        "host.allocators.order": "Order",
        "hypervisor.list": "CSV",
        "alert.smtp.enabledSecurityProtocols": "WhitespaceSeparatedListWithOptions",
        "instance.name": "String",
    }
    assert {name: setting(name).api_type for name in shown} == shown


def test_a_fresh_installation_differs_from_the_defaults() -> None:
    assert setting("max.domain.user.vms").default == "40"
    assert fresh_value("max.domain.user.vms") == "-1"
    assert fresh_value("init") == "true"
    assert fresh_value("ping.interval") == setting("ping.interval").default
    assert developer_values()["ping.interval"] == "10"


def test_every_default_and_initial_value_is_acceptable() -> None:
    for found in settings().values():
        setting_value.check(found, found.default)
    for value in initial_values():
        setting_value.check(setting(value.name), value.value)


@pytest.mark.parametrize(
    ("name", "good", "bad", "right"),
    [
        ("account.allow.expose.host.hostname", "true", "yes", "true or false"),
        ("account.cleanup.interval", "-1", "1.5", "a whole number from -2147483648"),
        ("account.cleanup.interval", "2147483647", "2147483648", "to 2147483647"),
        ("cpu.overprovisioning.factor", "2.5", "0.5", "at least 1"),
        ("cpu.overprovisioning.factor", "1", "NaN", "a decimal number"),
        ("cluster.cpu.allocated.capacity.disablethreshold", "0.95", "1.1", "from 0 to 1"),
        ("router.extra.public.nics", "5", "6", "from 0 to 5"),
        ("vm.allocation.algorithm", "firstfit", "first fit", "one of random, firstfit"),
        ("user.authenticators.order", "LDAP,PBKDF2", "LDAP,LDAP", "different items of PBKDF2"),
        ("alert.smtp.enabledSecurityProtocols", "TLSv1.1 TLSv1.2", "TLSv9", "SSLv3"),
        ("api.allowed.source.cidr.list", "10.0.0.0/8, ::/0", "10.0.0.0/8,10.1.1.1", "address blocks"),
        ("management.network.cidr", "10.1.0.0/16", "10.1.0.0/33", "an address block"),
        ("remote.access.vpn.client.iprange", "10.1.2.1-10.1.2.8", "10.1.2.8-10.1.2.1", "range of IPv4"),
        ("hypervisor.list", "KVM,lxc", "KVM,Qemu", "list of hypervisors"),
        ("instance.name", "VM", "my-vm", "without hyphen"),
        ("secstorage.ssl.cert.domain", "*.example.org", "exa_mple.org", "a domain name"),
        ("host.capacityType.to.order.clusters", "RAM", "DISK", "one of CPU, RAM, COMBINED"),
    ],
)
def test_a_new_value_is_checked_by_type_options_and_form(name: str, good: str, bad: str, right: str) -> None:
    assert setting_value.check(setting(name), good) == good
    with pytest.raises(ParameterError) as refused:
        setting_value.check(setting(name), bad)
    assert name in refused.value.text
    assert right in refused.value.text
    assert repr(bad) in refused.value.text


def test_an_empty_value_clears_and_blanks_around_numbers_go() -> None:
    assert setting_value.check(setting("ping.interval"), "") is None
    assert setting_value.check(setting("ping.interval"), None) is None
    assert setting_value.check(setting("ping.interval"), " 60 ") == "60"
    assert setting_value.check(setting("user.vm.readonly.details"), " a, b ") == " a, b "


def test_a_refused_secret_is_not_repeated() -> None:
    secret = next(s for s in settings().values() if s.secured and s.type == "Boolean")
    with pytest.raises(ParameterError) as refused:
        setting_value.check(secret, "hunter2")
    assert "hunter2" not in refused.value.text


def test_values_are_read_with_cloudstacks_leniency() -> None:
    assert setting_value.boolean("TRUE")
    assert not setting_value.boolean("yes")
    assert not setting_value.boolean(None)
    assert setting_value.integer("60") == 60
    assert setting_value.integer(None, 7) == 7
    assert setting_value.number("0.85") == 0.85
    assert setting_value.listed("a, b,,c") == ("a", "b", "c")


def test_settings_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    facts = {fact["name"]: fact for fact in catalogue_reference["settings"]}
    declared = {name: s for name, s in settings().items() if s.declared}
    assert declared.keys() == facts.keys()
    assert len(declared) == len(catalogue_reference["settings"])
    for name, fact in facts.items():
        found = declared[name]
        assert found.default == fact["default"], name
        assert found.type == fact["type"], name
        assert (found.category, found.group, found.subgroup) == (fact["category"], fact["group"], fact["subgroup"])
        assert list(found.scopes) == fact["scope"], name
        assert found.dynamic == fact["dynamic"], name
        assert found.component == (fact["component"] or "").removesuffix(".class.getName()"), name
        assert found.kind == fact.get("kind"), name
        assert found.options == setting_value.listed(fact.get("options")), name
        assert found.parent == fact.get("parent", ""), name
        assert found.multiplier == fact.get("multiplier", 1), name
        assert found.build == fact.get("build", ""), name
        assert found.secured == fact.get("secured", False), name
        assert found.strict_scope == fact.get("strict_scope", False), name
        assert found.registered == (not fact.get("unregistered", False)), name


def test_settings_of_the_store_alone_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    found = {s.name: (s.default, s.category, s.dynamic) for s in settings().values() if not s.declared}
    facts = catalogue_reference["settings_db_only"]
    assert found == {f["name"]: (f["value"], f["category"], f["dynamic"]) for f in facts}


def test_groups_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    assert [{"name": g.name, "precedence": g.precedence} for g in groups()] == catalogue_reference["settings_groups"]
    facts = {f["name"]: f for f in catalogue_reference["settings_subgroups"]}
    found = {sub.name: (group.name, sub) for group in groups() for sub in group.subgroups}
    assert found.keys() == facts.keys()
    for name, (group, sub) in found.items():
        assert group == facts[name]["group"]
        assert sub.precedence == facts[name]["precedence"]
        assert ",".join(sub.keywords) == (facts[name]["keywords"] or "")


def test_initial_values_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    found = [{"name": v.name, "value": v.value, "by": v.by} for v in initial_values()]
    assert found == catalogue_reference["settings_initial_values"]
