"""One process that a supervisor keeps running."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

RESTART_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0)
STEADY_SECONDS = 30.0  # a child that ran this long starts anew at once


class Child:
    """One process, restarted with growing pauses when it ends."""

    def __init__(self, name: str, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.name = name
        self._start = start
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._due = 0.0
        self._renewing = False

    def watch(self, now: float) -> int | None:
        """Starts or restarts as due. Returns the exit code when the process has just ended."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return None
            self.process = None
            steady = self._renewing or now - self._started > STEADY_SECONDS
            self._failures = 0 if steady else self._failures + 1
            self._renewing = False
            self._due = now + RESTART_SECONDS[min(self._failures, len(RESTART_SECONDS) - 1)]
            return code
        if now >= self._due:
            self.process = self._start()
            self._started = now
        return None

    def renew(self, number: int) -> None:
        """Sends a signal at which the process will end in order; it starts anew at once."""
        self._renewing = True
        self.stop(number)

    def stop(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
