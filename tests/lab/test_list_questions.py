"""What the scenario of lists asks is there to be asked."""

from __future__ import annotations

from itertools import combinations

from lakh.contract import surface
from lakh.lab.list_questions import METRICS, ROLES, Found, Question, questions, six_questions

KINDS = {"admin": "Admin", "domain admin": "DomainAdmin", "user": "User"}
PROMISED = ("zoneid", "state", "networkid", "templateid", "serviceofferingid", "name", "ids", "domainid", "account")


def asked() -> list[Question]:
    vms = [{"id": f"vm-{number}", "name": f"web-{number}"} for number in range(30)]
    one = Found(
        "zone", "template", "offering", "network", "host", "cluster", "pool", "disk", "domain", "account", "of", vms
    )
    return list(questions(dict.fromkeys(ROLES, one)))


def test_every_question_is_one_that_the_api_knows_and_its_role_may_ask() -> None:
    commands = surface.surface()["commands"]
    for question in [*asked(), *six_questions({})]:
        command = commands[question.command]
        assert KINDS[question.role] in command["roles"], question.label
        unknown = question.parameters.keys() - command["params"].keys() - {"listall"}
        assert not unknown, question.label
    for question in asked():
        assert "listall" not in question.parameters or "listall" in commands[question.command]["params"]


def test_instances_are_asked_for_by_every_pair_of_what_is_promised() -> None:
    for role, names in (("admin", (*PROMISED, "hostid")), ("domain admin", PROMISED), ("user", PROMISED[:7])):
        given = [
            set(question.parameters)
            for question in asked()
            if (question.group, question.role, question.command) == ("common", role, "listVirtualMachines")
        ]
        assert {"listall"} in given
        for one, two in combinations(names, 2):
            assert any({one, two} <= filters for filters in given), (role, one, two)


def test_metrics_forms_are_asked_what_the_plain_lists_are() -> None:
    labels = {question.label for question in asked() if question.group == "common"}
    for command in ("listHosts", "listVolumes", "listClusters", "listZones", "listStoragePools"):
        plain = {label for label in labels if label.startswith(f"{command}(")}
        assert plain
        assert {label.replace(f"{command}(", f"{command}{METRICS}(") for label in plain} <= labels
