"""Starting and stopping a server and a fleet as their own processes, as an operator would."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from lakh.base.errors import LakhError
from lakh.lab.machine import command_line, family

_FLEET_NICE = 5
"""It stands for thousands of other machines: what it does must not push the server's processes off this one's cores."""


class ProcessError(LakhError):
    """A process ended or did not come up; the text says which and shows the end of its log."""


class Running:
    """One started process and its log file."""

    def __init__(self, name: str, arguments: list[str], log: Path, *, nice: int = 0) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [*(("nice", "-n", str(nice)) if nice else ()), sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "1"},
            )

    def pids(self) -> list[int]:
        return family(self.process.pid)

    def check(self) -> None:
        """Raises ProcessError when it has ended."""
        code = self.process.poll()
        if code is not None:
            tail = self.log.read_text(errors="replace").splitlines()[-8:]
            raise ProcessError(f"{self.name} ended with code {code}:\n" + "\n".join(tail))

    def stop(self, seconds: float = 15.0) -> None:
        """Ends it and everything it started: asks first, then kills."""
        pids = self.pids()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        for pid in pids:
            if command_line(pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        self.process.wait()

    def kill(self) -> None:
        """kill -9 of it and of everything it started, at once."""
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


class Server(Running):
    """`lakh server` on given ports."""

    def __init__(
        self,
        folder: Path,
        api_port: int,
        agent_port: int,
        *,
        store: str = "",
        controls: int = 1,
        log_level: str = "info",
    ) -> None:
        self.folder = folder
        self.api_port = api_port
        self.agent_port = agent_port
        flags = ["--data-folder", str(folder), "--api-port", str(api_port), "--agent-port", str(agent_port)]
        flags += ["--api-host", "127.0.0.1", "--agent-host", "127.0.0.1", "--log-level", log_level]
        if store:
            flags += ["--store", store]
        if controls > 1:
            flags += ["--controls", str(controls)]
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__("server", ["-m", "lakh.server", *flags], folder / "server.log")

    def part_pids(self) -> dict[str, list[int]]:
        """Its processes by part: control, gateways, supervisor."""
        parts: dict[str, list[int]] = {"control": [], "gateways": [], "supervisor": []}
        for pid in self.pids():
            line = command_line(pid)
            part = "control" if "--control " in line else "gateways" if "lakh.gateway" in line else "supervisor"
            parts[part].append(pid)
        return parts

    async def ready(self, seconds: float = 30.0) -> None:
        """Waits for /readyz. Raises ProcessError."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not await asyncio.to_thread(_answers, self.api_port):
            self.check()
            if asyncio.get_running_loop().time() > deadline:
                raise ProcessError(f"server is not ready after {seconds:g} s; its log is {self.log}")
            await asyncio.sleep(0.05)


class Fleet(Running):
    """`lakh fleet run` with a control socket."""

    def __init__(
        self, folder: Path, server: str, map_entries: list[dict[str, Any]], *, seed: int = 1, **more: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.control_path = folder / "fleet.sock"
        map_path = folder / "fleet-map.json"
        map_path.write_bytes(msgspec.json.encode(map_entries))
        flags = ["--server", server, "--pod-cluster-map", str(map_path), "--control", str(self.control_path)]
        flags += ["--seed", str(seed)]
        for name, value in more.items():
            flags += ["--" + name.replace("_", "-"), value]
        super().__init__("fleet", ["-m", "lakh.fleet", *flags], folder / "fleet.log", nice=_FLEET_NICE)

    async def ask(self, command: str, **more: Any) -> list[dict[str, Any]]:
        """One request to its control socket; the answer's lines. Raises ProcessError."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.control_path), limit=1 << 26)
        except OSError as error:
            self.check()
            raise ProcessError(f"fleet control {self.control_path}: {error}") from None
        writer.write(msgspec.json.encode({"command": command, **more}) + b"\n")
        lines: list[dict[str, Any]] = []
        while line := await reader.readline():
            lines.append(msgspec.json.decode(line))
            if "done" in lines[-1] or "error" in lines[-1]:
                break
        writer.close()
        if not lines or "error" in lines[-1]:
            raise ProcessError(f"fleet {command}: {lines[-1]['error'] if lines else 'no answer'}")
        return lines


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in connection.recv(200)
    except OSError:
        return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def port_is_free(port: int) -> bool:
    """True when the port can be bound on loopback."""
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
