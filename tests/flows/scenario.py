"""What a flow is tested on: a world made ready for it, the command, and what must hold after its success or failure.

    @scenario("stopVirtualMachine")
    async def stop(server: Server) -> Case:
        vm = await deployed(server)

        async def succeeded() -> None: …
        async def failed() -> None: …
        return Case({"id": vm.id}, succeeded, failed)

Besides, `World.check()` must hold after either: a scenario says only what is particular to it. A flow may have several
scenarios, told apart by their functions' names.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.flows.server import ROOT_ADMIN, Server

from lakh.contract.declaration import spec_of
from lakh.resources.command import Caller, JobCommand

Check = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Case:
    """`parameters` are the command's, entities by row id."""

    parameters: dict[str, Any]
    succeeded: Check
    failed: Check
    caller: Caller = field(default=ROOT_ADMIN)


Prepare = Callable[[Server], Awaitable[Case]]

SCENARIOS: dict[str, dict[str, Prepare]] = {}
"""By command, then by the scenario's name."""


def scenario(command: str) -> Callable[[Prepare], Prepare]:
    """Registers a scenario of a command's flow."""

    def register(prepare: Prepare) -> Prepare:
        SCENARIOS.setdefault(command, {})[prepare.__name__] = prepare
        return prepare

    return register


def command_of(name: str, parameters: dict[str, Any]) -> JobCommand:
    """A command as the edge would bind it."""
    declaration = spec_of(name).declaration
    assert issubclass(declaration, JobCommand)
    return declaration(**parameters)


def load() -> None:
    """Imports every file of scenarios."""
    from tests.flows import scenarios

    for found in pkgutil.iter_modules(scenarios.__path__):
        importlib.import_module(f"tests.flows.scenarios.{found.name}")
