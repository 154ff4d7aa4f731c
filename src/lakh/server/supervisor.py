"""`lakh server`: a small process that starts the control processes and the gateways, watches and restarts them.

It does nothing else, so nothing brings it down. Gateways are started by it, not forked from a control process: they
outlive it, keep their agents while it is away, and come back to it. The first control process prepares the store and
finds the API's port; the others, where there are several, start once it serves. Killed itself, its children go with
it. Once a control process says that the server was shut down (`triggerShutdown`), it stops them all and ends, with code
0, so that a service manager that restarts failures leaves it so. At SIGHUP it restarts the gateways one after another
(`server/rolling.py`).
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

from lakh.base.clock import SystemClock
from lakh.server.certificates import prepare
from lakh.server.child import Child
from lakh.server.config import PREFIX, SECRETS, Configuration
from lakh.server.rolling import Rolling

OPERATORS_FAULT = 2  # exit code of a child that cannot start until somebody mends something
_SECRET_VARIABLES = frozenset(PREFIX + name.upper() for name in SECRETS)
"""What a gateway has no use for, and so does not get."""


class Supervisor:
    """Runs one server's processes. Control processes get `flags`, and `secrets` in its environment."""

    def __init__(self, config: Configuration, flags: list[str], secrets: dict[str, str]) -> None:
        self._config = config
        self._flags = flags
        self._secrets = secrets
        self._reports, self._report_end = os.pipe()
        os.set_blocking(self._reports, False)
        self._pending = b""
        self._controls = [self._control(1)]
        self._api_port = 0  # as the first control process told it: until then no other is started
        self._gateways: list[Child] = []
        self._rolling = Rolling()
        self._stopping = False

    def run(self) -> int:
        """Returns the exit code."""
        from pathlib import Path

        self._certificates = prepare(Path(self._config.data_folder), SystemClock())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # on a terminal SIGHUP says that the terminal is gone, and a server started there goes with it
        signal.signal(signal.SIGHUP, self._stop if os.isatty(0) else self._restart_gateways)
        try:
            while not self._stopping:
                for child in (*self._controls, *self._gateways):
                    if child.watch(time.monotonic()) == OPERATORS_FAULT:
                        return OPERATORS_FAULT
                self._hear()
                self._rolling.go_on(time.monotonic())
        finally:
            self._end()
        return 0

    def _stop(self, _number: int, _frame: Any) -> None:
        self._stopping = True

    def _restart_gateways(self, _number: int, _frame: Any) -> None:
        self._rolling.begin(self._gateways)

    def _hear(self) -> None:
        readable, _, _ = select.select([self._reports], [], [], 0.1)
        if not readable:
            return
        self._pending += os.read(self._reports, 65536)
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            told = json.loads(line)
            while len(self._gateways) < told.get("gateways", 0):
                self._add_gateway(len(self._gateways) + 1)
            if "drained" in told:
                self._stopping = True
            if "connected" in told:
                self._rolling.connected(told["connected"])
            if "api_port" in told and not self._api_port:
                self._api_port = told["api_port"]
                self._controls += [self._control(number) for number in range(2, self._config.controls + 1)]
            if "listening" in told:
                self._rolling.listens(self._gateways[told["listening"] - 1], time.monotonic())

    def _add_gateway(self, number: int) -> None:
        self._gateways.append(Child(f"gateway {number}", lambda: self._start_gateway(number)))

    def _control(self, number: int) -> Child:
        name = "control" if self._config.controls == 1 else f"control {number}"
        return Child(name, lambda: self._start_control(number))

    def _start_control(self, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "lakh.server", "--control", str(self._report_end), *self._flags]
        if self._config.controls > 1:
            command += ["--place", str(number), *([f"--api-port={self._api_port}"] if self._api_port else ["--first"])]
        environment = os.environ | self._secrets
        return subprocess.Popen(command, env=environment, pass_fds=(self._report_end,), start_new_session=True)

    def _start_gateway(self, number: int) -> subprocess.Popen[bytes]:
        config = self._config
        command = [sys.executable, "-m", "lakh.gateway", "--id", str(number)]
        for control in range(1, config.controls + 1):
            command += ["--bus", config.bus_path_of(control)]
        command += ["--host", config.agent_host, "--port", str(config.agent_port), "--with-parent", str(os.getpid())]
        command += ["--log-level", config.log_level, "--report", str(self._report_end)]
        for certificate, key in self._certificates:
            command += ["--certificate", f"{certificate},{key}"]
        known = {name: value for name, value in os.environ.items() if name not in _SECRET_VARIABLES}
        environment = known | {"MALLOC_ARENA_MAX": "1"}
        return subprocess.Popen(command, env=environment, pass_fds=(self._report_end,), start_new_session=True)

    def _end(self) -> None:
        """Stops all children; those that do not end in time are killed."""
        children = [*self._controls, *self._gateways]
        for child in children:
            child.stop(signal.SIGTERM)
        deadline = time.monotonic() + 10
        for child in children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.stop(signal.SIGKILL)
                child.process.wait()
