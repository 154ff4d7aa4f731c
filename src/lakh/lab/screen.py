"""What a person sees of a long run: steps, bars and a summary, all on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class Screen:
    """Writes to standard error; bars move on a terminal and are one line each elsewhere."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def step(self, text: str) -> None:
        """A new step of the run, with the seconds since the start."""
        self.console.print(f"[dim]{time.monotonic() - self._started:6.1f} s[/dim]  [bold]{text}[/bold]")

    def detail(self, text: str) -> None:
        self.console.print(f"          {text}", style="dim", markup=False)

    @contextmanager
    def bar(self, total: int) -> Iterator[Callable[[int], None]]:
        """A progress bar; the function sets how much is done."""
        if not sys.stderr.isatty():
            last = 0

            def note(done: int) -> None:
                nonlocal last
                if done * 10 // max(total, 1) > last * 10 // max(total, 1) or done == total != last:
                    self.detail(f"{done} of {total}")
                last = done

            yield note
            return
        columns = (TextColumn("          "), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task("", total=total)
            yield lambda done: progress.update(task, completed=done)

    def summary(self, figures: dict[str, Any]) -> None:
        """The figures as a table, then how to reach the server."""
        table = Table(show_header=False, box=None, padding=(0, 2))
        proof = figures["proof"]
        seconds = figures["vm_seconds"]
        rows = [
            ("hosts connected", f"{figures['hosts']} in {figures['connect_seconds']} s"),
            ("VMs deployed", f"{figures['vms']} in {figures['deploy_seconds']} s = {figures['deploys_per_second']}/s"),
            ("seconds per VM", f"p50 {seconds['p50']}, p95 {seconds['p95']}, p99 {seconds['p99']}"),
            (
                "SQL per VM",
                f"{figures['sql_statements_per_vm']} statements, {figures['transactions_per_vm']} transactions",
            ),
            ("requests to hosts per VM", str(figures["host_requests_per_vm"])),
            ("polls per VM", str(figures["polls_per_vm"])),
            ("CPU ms per VM", ", ".join(f"{k} {v}" for k, v in figures["cpu_ms_per_vm"].items())),
            ("memory", f"server {figures['server_memory_mb']} MB, fleet {figures['fleet_memory_mb']} MB"),
            (
                "proof",
                ("holds: " if proof["ok"] else "FAILS: ")
                + f"{proof['vms_checked']} VMs, {proof['system_vms_checked']} system VMs, "
                + f"{proof['volumes_checked']} volumes, {proof['hosts_checked']} hosts",
            ),
        ]
        for name, value in rows:
            table.add_row(name, value)
        self.console.print(table)
        for mismatch in proof["mismatches"]:
            self.say(f"  ! {mismatch}")
        self.say(f"\nAPI        {figures['url']}   user admin, password {figures['password']}")
        self.say(f"API key    {figures['api_key']}\nsecret key {figures['secret_key']}")
        self.say(
            f"try        CLOUDSTACK_ENDPOINT={figures['url']} CLOUDSTACK_KEY={figures['api_key']}"
            f" CLOUDSTACK_SECRET={figures['secret_key']} cs listZones"
        )
