"""The control socket: a unix socket of JSON lines, to ask what the agents have and to do them harm.

A request is one line, `{"command": "disconnect", "percent": 10}`. The answer is any number of lines and then one with
`"done": true`, or one with `"error"`. Long answers go in portions, with the loop free between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from lakh.base.limits import FLEET_CONTROL_LINE_BYTES
from lakh.fleet import report
from lakh.fleet.fleet import RACK, Fleet
from lakh.fleet.member import Member

_PORTION = 50
_encode = msgspec.json.Encoder().encode

Lines = Iterator[dict[str, Any]]


class ControlError(ValueError):
    """A request cannot be carried out; the text goes to who asked."""


class Control:
    """Serves one fleet on a socket. `stop` is called when somebody asks for the end."""

    def __init__(self, fleet: Fleet, path: Path, stop: Callable[[], None]) -> None:
        self._fleet = fleet
        self._path = path
        self._stop = stop
        self._server: asyncio.Server | None = None
        self._reports: dict[str, Callable[[Fleet], Lines]] = {
            "state": report.agents,
            "volumes": report.volumes,
            "routers": report.routers,
            "images": report.images,
        }

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=FLEET_CONTROL_LINE_BYTES)
        self._path.chmod(0o600)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                await self._answer(line, writer)
        except (ValueError, ConnectionError):
            pass  # a line above the limit, or the asker has gone
        finally:
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            request = msgspec.json.decode(line, type=dict[str, Any])
            command = request.get("command")
            if command in self._reports:
                await self._dump(self._report(command, request), writer)
                return
            answer = self.carry_out(request)
        except (msgspec.MsgspecError, ControlError, TypeError) as error:
            writer.write(_encode({"error": str(error)}) + b"\n")
        else:
            writer.write(_encode({"done": True, **answer}) + b"\n")
            if request.get("command") == "stop":
                self._stop()
        await writer.drain()

    def _report(self, command: str, request: dict[str, Any]) -> Lines:
        if command == "state" and "names" in request:
            return report.agents(self._fleet, frozenset(request["names"]))
        return self._reports[command](self._fleet)

    async def _dump(self, lines: Lines, writer: asyncio.StreamWriter) -> None:
        count = 0
        totals: dict[str, int] = {}
        portion: list[bytes] = []
        for line in lines:
            count += 1
            _add(totals, line)
            portion.append(_encode(line))
            if len(portion) == _PORTION:
                writer.write(b"\n".join(portion) + b"\n")
                portion = []
                await writer.drain()
                await asyncio.sleep(0)
        portion.append(_encode({"done": True, "lines": count, "totals": totals}))
        writer.write(b"\n".join(portion) + b"\n")
        await writer.drain()

    def carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        """Everything but reports. Raises ControlError."""
        fleet, command = self._fleet, request.get("command")
        seconds = float(request.get("seconds") or 0)
        if command == "stats":
            return {
                **fleet.statistics.totals(),
                "ready": sum(member.agent.ready for member in fleet.members),
                "by_command": dict(fleet.statistics.commands),
                "ping_slots": {str(slot): count for slot, count in fleet.statistics.ping_slots.items()},
                "back_slots": {str(slot): count for slot, count in fleet.statistics.back_slots.items()},
                **self._last_words(),
            }
        if command == "totals":
            return report.totals(fleet)
        if command == "stop":
            return {}
        if command == "heal":
            return {"count": fleet.heal()}
        if command == "slow":
            factor = float(request.get("factor") or 0)
            if factor <= 0:
                raise ControlError("slow: factor must be above zero")
            fleet.slow(factor, seconds)
            return {"factor": factor}
        if command == "disconnect":
            return {"count": fleet.disconnect(self._members(request))}
        if command == "corrupt":
            return {"count": fleet.corrupt(self._members(request))}
        if command == "freeze":
            return {"count": fleet.freeze(self._members(request), seconds)}
        if command == "kill":
            return {"count": fleet.kill(self._members(request), seconds)}
        if command == "revive":
            return {"count": fleet.revive(self._members(request))}
        raise ControlError(f"command {command!r}: one of {', '.join(sorted([*self._reports, *_ACTIONS]))}")

    def _last_words(self) -> dict[str, Any]:
        return {"rejections": list(self._fleet.statistics.rejections)}

    def _members(self, request: dict[str, Any]) -> list[Member]:
        """Whom it concerns: `names`, a `cluster`, a `rack`, or `percent` of the hosts, chosen at random."""
        if "names" in request:
            members = self._fleet.named(request["names"])
            missing = len(set(request["names"])) - len(members)
            if missing and self._fleet.options.shared is None:  # else another process may have them
                raise ControlError(f"names: {missing} of them are no agents of this fleet")
            return members
        if "cluster" in request:
            members = self._fleet.of_cluster(str(request["cluster"]))
            if not members:
                raise ControlError(f"cluster {request['cluster']}: no agent of this fleet is in it")
            return members
        if "rack" in request:
            rack = request["rack"]
            members = self._fleet.of_rack(rack) if isinstance(rack, int) else []
            if not members:
                raise ControlError(f"rack {rack}: no agent of this fleet is in it; racks of {RACK} hosts count from 1")
            return members
        percent = request.get("percent")
        if not isinstance(percent, int | float) or not 0 < percent <= 100:
            raise ControlError(f"{request.get('command')}: give names, cluster, rack or percent (above 0, to 100)")
        return self._fleet.choose(float(percent))


_ACTIONS = ("corrupt", "disconnect", "freeze", "heal", "kill", "revive", "slow", "stats", "stop", "totals")


def _add(totals: dict[str, int], line: dict[str, Any]) -> None:
    """Sums over agents: what a server's own figures are compared with."""
    agent = line.get("agent")
    if agent is None:
        return
    sums = {"agents": 1, "connected": int(agent["connected"]), "ready": int(agent["ready"])}
    for vm in agent.get("vms", ()):
        for key, value in (("vms", 1), ("cpus", vm["cpus"]), ("cpu_mhz", vm["cpus"] * vm["speed"])):
            sums[key] = sums.get(key, 0) + value
        sums["memory"] = sums.get("memory", 0) + vm["max_ram"]
    for key, value in sums.items():
        totals[key] = totals.get(key, 0) + value
