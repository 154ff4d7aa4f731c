"""The load client's process: it does what its plan says and tells what came of it."""

from __future__ import annotations

import pytest

from lakh.lab.load import Outcome, Plan, Target
from lakh.lab.loading import load
from lakh.lab.processes import ProcessError, free_port


def plan(port: int, **more: object) -> Plan:
    keys = {"api_key": "key", "secret_key": "secret"}
    return Plan(host="127.0.0.1", port=port, targets=[Target({"zoneid": "z"})], vms=7, workers=3, **keys, **more)  # type: ignore[arg-type]


async def test_deployments_that_nobody_answers_are_failures() -> None:
    told: list[int] = []
    outcome = await load(plan(free_port()), told.append)
    assert (outcome.deployed, outcome.failed) == (0, 7)
    assert "deployVirtualMachine: 0: cannot connect to 127.0.0.1" in outcome.failures[0]
    assert outcome.percentile(99) == 0.0
    assert told == sorted(told)


async def test_a_client_that_breaks_says_why() -> None:
    broken = plan(free_port())
    broken.targets = []
    with pytest.raises(ProcessError, match="ZeroDivisionError"):
        await load(broken)


def test_percentiles_are_of_one_command() -> None:
    outcome = Outcome(taken={"deployVirtualMachine": [3.0, 1.0, 2.0, 4.0], "stopVirtualMachine": [9.0]})
    assert [outcome.percentile(p) for p in (0, 50, 99)] == [1.0, 3.0, 4.0]
    assert outcome.percentile(50, "stopVirtualMachine") == 9.0
