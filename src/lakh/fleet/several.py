"""A fleet of several processes: shares the agents out, and answers on one control socket for all of them.

What hosts of different processes share (volumes, addresses, moves) lies in tables that all of them map, and changes of
secondary storage in a journal that all of them read. The configuration of routers is each process's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from lakh.base.limits import FLEET_CONTROL_LINE_BYTES
from lakh.fleet.options import Options
from lakh.fleet.output import Output
from lakh.fleet.run import open_state, progress_line

_DONE_BYTES = 1 << 20


def shares(total: int, processes: int) -> list[tuple[int, int]]:
    """First and last agent of each process."""
    return [
        (total * part // processes + 1, total * (part + 1) // processes)
        for part in range(processes)
        if total * part // processes < total * (part + 1) // processes
    ]


def run_several(options: Options, processes: int, arguments: Sequence[str]) -> int:
    """Starts the processes with the same arguments and a part each; ends when all have ended."""
    if options.state is not None:
        open_state(options)
    with tempfile.TemporaryDirectory(prefix="lakh-fleet-", dir=_shared_memory()) as folder:
        return asyncio.run(_Parent(options, processes, list(arguments), Path(folder)).run())


def _shared_memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


class _Parent:
    def __init__(self, options: Options, processes: int, arguments: list[str], folder: Path) -> None:
        self._options = options
        self._arguments = arguments
        self._folder = folder
        self._parts = shares(options.last, processes)
        self._children: list[asyncio.subprocess.Process] = []

    def _socket(self, part: int) -> Path:
        return self._folder / f"control-{part}"

    async def run(self) -> int:
        for number, (first, last) in enumerate(self._parts):
            extra = ["--part", f"{first}-{last}", "--shared", str(self._folder), "--control", str(self._socket(number))]
            if self._options.statistics not in ("", "-"):
                extra += ["--statistics", f"{self._options.statistics}.{number}"]
            self._children.append(
                await asyncio.create_subprocess_exec(sys.executable, "-m", "lakh.fleet", *self._arguments, *extra)
            )
        loop = asyncio.get_running_loop()
        for kind in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(kind, self._stop)
        server = None
        if self._options.control is not None:
            self._options.control.unlink(missing_ok=True)
            server = await asyncio.start_unix_server(self._serve, self._options.control, limit=FLEET_CONTROL_LINE_BYTES)
        shown = loop.create_task(self._show()) if sys.stderr.isatty() else None
        codes = await asyncio.gather(*(child.wait() for child in self._children))
        if shown is not None:
            shown.cancel()
        if server is not None and self._options.control is not None:
            server.close()
            self._options.control.unlink(missing_ok=True)
        return max(codes)

    async def _show(self) -> None:
        """Progress of all processes on one line, once a second."""
        output = Output(2)
        try:
            while True:
                await asyncio.sleep(1.0)
                ends = [await self._ask(part, b'{"command": "stats"}\n', None) for part in range(len(self._parts))]
                total = merge(ends)
                if "error" not in total:
                    output.write(progress_line(total, self._options.last).encode())
        finally:
            output.write(b"\n")
            output.close()

    def _stop(self) -> None:
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes each request on to every process, and their lines back, with one sum at the end."""
        try:
            while line := await reader.readline():
                parts = range(
                    1 if b'"volumes"' in line or b'"images"' in line else len(self._parts)
                )  # all of them see the same
                ends = [await self._ask(part, line, writer) for part in parts]
                writer.write(msgspec.json.encode(merge(ends)) + b"\n")
                await writer.drain()
        except (ValueError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _ask(self, part: int, request: bytes, writer: asyncio.StreamWriter | None) -> dict[str, Any]:
        """Asks one process; its lines go to `writer` as they come. Returns the last one."""
        try:
            reader, to = await asyncio.open_unix_connection(self._socket(part), limit=_DONE_BYTES)
        except OSError as error:
            return {"error": f"process {part}: {error}"}
        to.write(request)
        last: dict[str, Any] = {"error": f"process {part} gave no answer"}
        while line := await reader.readline():
            if line.startswith((b'{"done"', b'{"error"')):
                last = msgspec.json.decode(line)
                break
            if writer is not None:
                writer.write(line)
                await writer.drain()
        to.close()
        return last


def merge(ends: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One last line of several: numbers added, lists joined. Names that one process does not know others may."""
    good = [end for end in ends if "error" not in end]
    if not good:
        return dict(ends[0])
    merged: dict[str, Any] = {}
    for end in good:
        for key, value in end.items():
            merged[key] = _sum(merged.get(key), value)
    return merged


def _sum(left: Any, right: Any) -> Any:
    if left is None or isinstance(right, bool | float):
        return right
    if isinstance(right, dict):
        return {**left, **{key: _sum(left.get(key), value) for key, value in right.items()}}
    return left + right
