"""Starting the load client as a process, and reading what it tells."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any, Final

import msgspec

from lakh.lab.deployments import place
from lakh.lab.installation import Installation, Zone
from lakh.lab.load import Outcome, Plan, Target
from lakh.lab.processes import ProcessError

_LINE_BYTES: Final = 1 << 28
"""The outcome is one line: some 30 bytes for each VM."""


def targets(installation: Installation, zones: list[Zone] | None = None) -> list[Target]:
    """Where to deploy: of fifty VMs one in the second zone, where there are two; or all in the `zones` given."""
    shares = [(zone, 1) for zone in zones] if zones else list(zip(installation.zones, (49, 1), strict=False))
    return [Target(place(installation, zone), share) for zone, share in shares]


async def load(plan: Plan, on_done: Callable[[int], None] = lambda _: None) -> Outcome:
    """Runs the load client with a plan to its end; calls `on_done(deployments ended)` a few times a second.

    Raises ProcessError when it breaks. It ends with its caller.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lakh.lab.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, limit=_LINE_BYTES, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    told_all = False
    try:
        process.stdin.write(msgspec.json.encode(plan) + b"\n")
        await process.stdin.drain()
        while line := await process.stdout.readline():
            told = msgspec.json.decode(line)
            if "done" not in told:
                told_all = True
                return msgspec.convert(told, Outcome)
            on_done(told["done"])
        said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        raise ProcessError(f"the load client ended with code {await process.wait()}:\n" + "\n".join(said[-8:]))
    finally:
        if not told_all and process.returncode is None:
            process.kill()
        await process.wait()


def plan_for(port: int, installation: Installation, **more: Any) -> Plan:
    """A plan for the server of that API port, as the installation's account; `more`: the plan's fields."""
    fields: dict[str, Any] = {"targets": targets(installation), **more}
    keys: dict[str, Any] = {"api_key": installation.api_key, "secret_key": installation.secret_key}
    return Plan(host="127.0.0.1", port=port, **keys, **fields)
