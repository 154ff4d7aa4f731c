"""Every other fact of the catalogue, compared with the reference, and what its accessors promise."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest

from lakh.base import errors
from lakh.catalogue import enums, guest_os, hypervisors, installation, kinds, networks, offerings, planning, storage
from lakh.catalogue.roles import ACCOUNT_TYPES, ROLE_TYPES
from lakh.catalogue.settings import setting


def plain(records: Any) -> list[dict[str, Any]]:
    """Records as JSON values by field name."""
    return [msgspec.json.decode(msgspec.json.encode({f: getattr(r, f) for f in r.__struct_fields__})) for r in records]


def only(facts: list[dict[str, Any]], *left_out: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in fact.items() if k not in left_out} for fact in facts]


def test_asking_for_states_reads_no_other_file() -> None:
    program = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == 'open' else None)\n"
        "from lakh.catalogue.states import machine\n"
        "machine('Host.Status')\n"
        "print(sorted({p.rsplit('/', 1)[1] for p in opened if '/catalogue/data/' in p}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['states.json']"


def test_guest_os_is_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    assert plain(guest_os.os_categories()) == catalogue_reference["oscategories"]
    facts = [{"hidden": False, **fact} for fact in catalogue_reference["ostypes"]]
    assert plain(guest_os.os_types()) == facts
    assert plain(guest_os.os_mappings()) == catalogue_reference["ostype_mappings"]


def test_every_os_type_has_a_category_and_every_mapping_a_type() -> None:
    categories = {c.name for c in guest_os.os_categories()}
    types = {t.name for t in guest_os.os_types()}
    assert {t.category for t in guest_os.os_types()} <= categories
    assert {m.ostype for m in guest_os.os_mappings()} <= types
    assert {t.ostype for t in storage.templates()} <= types


def test_hypervisors_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    facts = [
        {**only([fact], "in_default_hypervisor_list")[0], "listed": fact["in_default_hypervisor_list"]}
        for fact in catalogue_reference["hypervisors"]
    ]
    assert plain(hypervisors.hypervisors()) == facts
    core = [{**fact, "core": True} for fact in catalogue_reference["hypervisor_capabilities"]]
    others = [{**fact, "core": False} for fact in catalogue_reference["hypervisor_capabilities_others"]]
    assert plain(hypervisors.capabilities()) == core + others


def test_listed_hypervisors_are_the_settings_default() -> None:
    default = setting("hypervisor.list").default
    assert default is not None
    assert set(default.split(",")) == {h.name for h in hypervisors.hypervisors() if h.listed}


def test_offerings_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    assert plain(offerings.service_offerings()) == only(catalogue_reference["serviceofferings"], "id_order")
    assert plain(offerings.disk_offerings()) == catalogue_reference["diskofferings"]
    assert plain(offerings.network_offerings()) == only(catalogue_reference["networkofferings"], "id_order")
    assert plain(offerings.vpc_offerings()) == catalogue_reference["vpcofferings"]
    for kind in ("serviceofferings", "networkofferings"):
        ids = [fact["id_order"] for fact in catalogue_reference[kind]]
        assert ids == list(range(1, len(ids) + 1))


def test_offerings_name_services_and_providers_that_exist() -> None:
    services = {s.name for s in networks.network_services()}
    for offering in (*offerings.network_offerings(), *offerings.vpc_offerings()):
        for service, providers in offering.services.items():
            assert service in services
            assert set(providers) <= networks.network_providers().keys()


def test_networks_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    services = catalogue_reference["network_services"]
    assert [s.name for s in networks.network_services()] == [fact["name"] for fact in services]
    for service, fact in zip(networks.network_services(), services, strict=True):
        capabilities = [
            {"name": name, "canchooseservicecapability": name in service.choosable} for name in service.capabilities
        ]
        assert capabilities == fact["capabilities"]
        assert list(networks.providers_of(service.name)) == fact["providers"]
        others = [p for p in networks.network_providers().values() if service.name in p.services and not p.offered]
        assert sorted(f"{p.name}:{p.build or 'excluded'}" for p in others) == sorted(fact["providers_other_builds"])
    assert plain(networks.provider_names()) == catalogue_reference["network_provider_names"]
    found = [(p.name, list(p.services)) for p in networks.network_providers().values()]
    assert found == [(fact["name"], fact["services"]) for fact in catalogue_reference["network_providers"]]
    for provider, fact in catalogue_reference["network_capabilities"].items():
        assert networks.network_providers()[provider].inherits == fact.pop("inherits", "")
        assert networks.network_providers()[provider].capabilities == fact


def test_a_vpc_router_adds_to_what_a_router_can_do() -> None:
    assert networks.capabilities_of("VpcVirtualRouter", "Vpn") == {
        "SupportedVpnTypes": "pptp,l2tp,ipsec",
        "VpnTypes": "s2svpn",
    }
    assert networks.capabilities_of("VpcVirtualRouter", "Dns") == networks.capabilities_of("VirtualRouter", "Dns")
    assert networks.capabilities_of("VirtualRouter", "NetworkACL") == {}
    with pytest.raises(KeyError):
        networks.capabilities_of("Nobody", "Dns")


def test_kinds_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    limits = [{k: v for k, v in fact.items() if v is not None and v != ""} for fact in plain(kinds.resource_types())]
    numbers = ("account", "domain", "project")
    facts = [
        {k: int(v) if k in numbers else v for k, v in fact.items() if v is not None}
        for fact in catalogue_reference["resource_types"]
    ]
    assert limits == facts
    assert list(kinds.event_types()) == catalogue_reference["event_types"]
    alerts = [
        {**only([f], "constant")[0], "short": f["constant"].removeprefix("ALERT_TYPE_")}
        for f in catalogue_reference["alert_types"]
    ]
    assert plain(kinds.alert_types()) == alerts
    assert plain(kinds.capacity_types()) == catalogue_reference["capacity_types"]
    assert plain(kinds.usage_types()) == catalogue_reference["usage_types"]


def test_limits_are_the_defaults_of_their_settings() -> None:
    for kind in kinds.resource_types():
        assert setting(kind.account_setting).default == str(kind.account), kind.name
        assert setting(kind.domain_setting).default == str(kind.domain), kind.name
        if kind.project is not None:
            assert setting(kind.project_setting).default == str(kind.project), kind.name


def test_storage_is_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    facts = [{"build": "", **fact} for fact in only(catalogue_reference["storage_providers"], "cls")]
    assert plain(storage.storage_providers()) == facts
    assert plain(storage.templates()) == catalogue_reference["builtin_templates"]


def test_planning_is_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    assert list(planning.AFFINITY_PROCESSORS) == catalogue_reference["affinity_group_types"]
    processors = {fact["type"]: fact["name"] for fact in catalogue_reference["affinity_group_processors"]}
    assert processors == planning.AFFINITY_PROCESSORS
    planners = catalogue_reference["deployment_planners"]
    assert list(planning.DEPLOYMENT_PLANNERS) == planners["order"]
    assert list(planning.EXCLUDED_PLANNERS) == planners["exclude"]
    assert list(planning.OTHER_PLANNERS) == planners["other"]
    assert planners["default"] == planning.DEFAULT_PLANNER
    for found, excluded, fact in (
        (planning.HOST_ALLOCATORS, planning.EXCLUDED_HOST_ALLOCATORS, "host_allocators"),
        (planning.STORAGE_POOL_ALLOCATORS, planning.EXCLUDED_STORAGE_POOL_ALLOCATORS, "storage_pool_allocators"),
    ):
        assert list(found) == catalogue_reference[fact]["order"]
        assert list(excluded) == catalogue_reference[fact]["exclude"]
    algorithms = catalogue_reference["vm_allocation_algorithms"]
    assert list(planning.ALLOCATION_ALGORITHMS) == algorithms["values"] == algorithms["setting_options"].split(",")
    assert algorithms["default"] == planning.DEFAULT_ALLOCATION_ALGORITHM


def test_settings_order_what_exists() -> None:
    assert setting("deployment.planners.order").default == ",".join(planning.DEPLOYMENT_PLANNERS)
    assert setting("host.allocators.order").default == ",".join(planning.HOST_ALLOCATORS)
    assert setting("storage.pool.allocators.order").default == ",".join(planning.STORAGE_POOL_ALLOCATORS)
    assert setting("affinity.processors.order").default == ",".join(planning.AFFINITY_PROCESSORS.values())
    assert setting("vm.allocation.algorithm").options == planning.ALLOCATION_ALGORITHMS
    assert setting("vm.allocation.algorithm").default == planning.DEFAULT_ALLOCATION_ALGORITHM


def test_the_first_rows_are_cloudstacks(catalogue_reference: dict[str, Any]) -> None:
    facts = catalogue_reference["developer_prefill"]
    assert list(installation.FIRST_DOMAINS) == facts["domains"]
    assert only(plain(installation.FIRST_ACCOUNTS), "user_state") == facts["accounts"]
    users = [(a.id, a.name, a.user_state) for a in installation.FIRST_ACCOUNTS]
    assert users == [(fact["id"], fact["name"], fact["state"]) for fact in facts["users"]]
    assert plain(installation.EXTENSIONS) == catalogue_reference["extensions"]


def test_enums_are_cloudstacks(enums_reference: dict[str, Any]) -> None:
    for found, name in (
        (enums.VM_DETAILS, "ApiConstants.VMDetails"),
        (enums.HOST_DETAILS, "ApiConstants.HostDetails"),
        (enums.DOMAIN_DETAILS, "ApiConstants.DomainDetails"),
        (enums.EXTENSION_DETAILS, "ApiConstants.ExtensionDetails"),
        (enums.API_KEY_ACCESS, "ApiConstants.ApiKeyAccess"),
        (enums.BOOT_TYPES, "ApiConstants.BootType"),
        (enums.BOOT_MODES, "ApiConstants.BootMode"),
        (enums.IO_DRIVER_POLICIES, "ApiConstants.IoDriverPolicy"),
        (enums.JOB_STATUSES, "org.apache.cloudstack.jobs.JobInfo.Status"),
        (enums.RESOURCE_TYPES, "org.apache.cloudstack.api.ApiCommandResourceType"),
    ):
        assert list(found) == list(enums_reference[name]), name


def test_role_types_are_cloudstacks(enums_reference: dict[str, Any]) -> None:
    numbers = {"ADMIN": 1, "RESOURCE_DOMAIN_ADMIN": 3, "DOMAIN_ADMIN": 2, "NORMAL": 0}
    for name, text in enums_reference["org.apache.cloudstack.acl.RoleType"].items():
        if name == "Unknown":
            continue
        number, account_type, _mask = text.strip("()").split(", ")
        assert ROLE_TYPES[name] == int(number.removesuffix("L"))
        assert ACCOUNT_TYPES[name] == numbers[account_type.removeprefix("Account.Type.")]


def test_every_error_code_can_be_answered(enums_reference: dict[str, Any]) -> None:
    facts = {int(text.strip("()")) for text in enums_reference["org.apache.cloudstack.api.ApiErrorCode"].values()}
    found = {e.errorcode for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.ApiError)}
    assert facts <= found
