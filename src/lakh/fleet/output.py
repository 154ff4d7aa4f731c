"""Lines of a fleet to where they belong, from a thread of their own: a slow reader never holds the loop."""

from __future__ import annotations

import os
import queue
import threading

_LINES = 1000  # waiting for one descriptor; above: the newest is dropped and counted


class Output:
    """Writes bytes to a descriptor in order."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.Queue[bytes | None] = queue.Queue(_LINES)
        self._thread = threading.Thread(target=self._run, name="fleet-output", daemon=True)
        self._thread.start()
        self.dropped = 0

    def write(self, data: bytes) -> None:
        try:
            self._queue.put_nowait(data)
        except queue.Full:
            self.dropped += 1

    def close(self, seconds: float = 1.0) -> None:
        """Waits a little for the last lines."""
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                return
