"""What processes of this machine take: memory as PSS without file-backed pages, and CPU time, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import glob
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # it ended while we looked
        parent = int(stat.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found.extend(children.get(member, ()))
    return found


def memory_mb(pids: Iterable[int]) -> float:
    """Sum of PSS without file-backed pages, in MB (10^6 bytes)."""
    total_kib = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                total_kib += int(line.split()[1])
    return total_kib * 1024 / 1e6


def machine_memory_gb() -> float:
    """What the whole machine uses, in GB (10^9 bytes): all that is not available to a new process."""
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines()}
    return (sizes["MemTotal"] - sizes["MemAvailable"]) * 1024 / 1e9


def allocated_mb(path: Path) -> float:
    """What a sparse file really takes, in MB; 0 where there is none."""
    try:
        return path.stat().st_blocks * 512 / 1e6
    except FileNotFoundError:
        return 0.0


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time since their start, children that were waited for not included."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def cpu_milliseconds_now(pids: Iterable[int]) -> float:
    """As `cpu_seconds`, in ms, to the microsecond and of all threads: for what takes less than a tick."""
    nanoseconds = 0
    for pid in pids:
        for path in glob(f"/proc/{pid}/task/*/schedstat"):
            try:
                nanoseconds += int(Path(path).read_text().split()[0])
            except (OSError, IndexError):
                continue
    return nanoseconds / 1e6


def descriptors(pids: Iterable[int]) -> int:
    """Open files of the processes; those that are gone have none."""
    count = 0
    for pid in pids:
        try:
            count += len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            continue
    return count


def command_line(pid: int) -> str:
    """The process's arguments, blank-separated; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def main_thread_seconds(pids: Iterable[int]) -> float:
    """User and system time of each process's first thread alone."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS
