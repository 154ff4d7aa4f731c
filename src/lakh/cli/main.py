"""`lakh`: server, fleet, demo, API calls.

Start-up counts: `--help` answers in 150 ms, so each command imports what it needs when it runs. Servers and fleets are
processes of their own; this one becomes them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

_PASS_ON = {"ignore_unknown_options": True, "help_option_names": []}


def main() -> None:
    """Entry point of the `lakh` script."""
    lakh(prog_name="lakh")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lakh", prog_name="lakh")
def lakh() -> None:
    """A cloud control plane that speaks CloudStack's API and agent protocol.

    \b
    lakh demo                     a whole cloud with 1,000 mock hosts, on this machine
    lakh server --help            a management server
    lakh fleet run --help         mock KVM agents, for any CloudStack server
    lakh api listZones            one API call
    lakh lab list                 scenarios that measure
    """


@lakh.command(context_settings=_PASS_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def server(arguments: tuple[str, ...]) -> None:
    """Run a management server."""
    _become("lakh.server", arguments)


@lakh.group()
def fleet() -> None:
    """Mock KVM agents."""


@fleet.command(name="run", context_settings=_PASS_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def fleet_run(arguments: tuple[str, ...]) -> None:
    """Run agents until stopped."""
    _become("lakh.fleet", arguments)


@lakh.command()
@click.option("--hosts", default=1000, show_default=True, type=click.IntRange(1, 20_000), help="mock KVM hosts")
@click.option("--vms", default=1000, show_default=True, type=click.IntRange(1), help="VMs to deploy")
@click.option("--workers", default=50, show_default=True, type=click.IntRange(1, 2000), help="concurrent deployments")
@click.option("--json", "as_json", is_flag=True, help="print the result as one JSON line on standard output")
@click.option("--keep/--no-keep", default=None, help="stay up afterwards (default: only on a terminal)")
@click.option("--api-port", type=click.IntRange(1, 65535), help="port of the API (default 8080)")
@click.option("--agent-port", type=click.IntRange(1, 65535), help="port for agents (default 8250)")
@click.option("--folder", default="", help="keep the data here (default: a temporary folder, removed at the end)")
@click.option("--store", default="", envvar="LAKH_STORE", help="postgresql://… instead of the embedded store")
def demo(
    hosts: int,
    vms: int,
    workers: int,
    as_json: bool,
    keep: bool | None,
    api_port: int | None,
    agent_port: int | None,
    folder: str,
    store: str,
) -> None:
    """Start a server and a fleet, build a zone, deploy VMs, and prove the result against the agents.

    Example: lakh demo --hosts 100 --vms 200 --workers 20
    """
    from lakh.lab.demo import Options, run

    options = Options(
        hosts=hosts,
        vms=vms,
        workers=workers,
        keep=keep,
        json=as_json,
        api_port=api_port or 8080,
        agent_port=agent_port or 8250,
        folder=folder,
        store=store,
        ports_given=api_port is not None or agent_port is not None,
    )
    sys.exit(run(options))


@lakh.group()
def lab() -> None:
    """Scenarios that measure: each writes a report with figures, checks and plots."""


@lab.command(name="list")
def lab_list() -> None:
    """Say which scenarios there are."""
    from lakh.lab.scenario import SCENARIOS

    for scenario in SCENARIOS.values():
        flags = " ".join(f"--{name.replace('_', '-')}" for name in scenario.uses)
        click.echo(f"{scenario.name:10} {scenario.summary}\n{'':10} {flags}")


@lab.command(name="run")
@click.argument("scenario")
@click.option(
    "--agents",
    "--hosts",
    "agents",
    default=0,
    type=click.IntRange(0, 1_000_000),
    help="mock KVM hosts (default: 1000, or the scenario's own)",
)
@click.option("--seconds", default=0, type=click.IntRange(0, 4000), help="how long to measure (default: as it needs)")
@click.option("--processes", default=0, type=click.IntRange(0, 64), help="of the fleet (default: as its size needs)")
@click.option("--behaviour", default="", help="of the fleet, such as java (default: the scenario's own)")
@click.option("--vms", default=0, type=click.IntRange(0, 2_000_000), help="Instances (default: the scenario's own)")
@click.option("--clusters", default=0, type=click.IntRange(0, 100_000), help="clusters the hosts are in")
@click.option("--workers", default=0, type=click.IntRange(0, 2000), help="concurrent deployments")
@click.option("--store", default="", help="folder that keeps everything: the next run goes on where this one stops")
@click.option("--store-url", default="", help="postgresql://… of an empty database, instead of the embedded store")
@click.option("--postgresql", is_flag=True, help="a PostgreSQL of the run's own, instead of the embedded store")
@click.option("--seeded", default=0, type=click.IntRange(0, 2_000_000), help="Instances that are seeded, not deployed")
@click.option("--mutual-tls", is_flag=True, help="a strict server, and agents with certificates")
@click.option(
    "--out", default="build/lab", show_default=True, type=click.Path(path_type=Path), help="folder of the report"
)
def lab_run(scenario: str, out: Path, **given: Any) -> None:
    """Run a scenario and write report.json, report.html and PNGs; exit with 1 when a check fails.

    Example: lakh lab run connect --agents 5000 --out build/connect
    """
    from lakh.lab.run import Parameters
    from lakh.lab.scenario import SCENARIOS, run

    if scenario not in SCENARIOS:
        raise click.BadParameter(f"{scenario}: give one of {', '.join(SCENARIOS)}", param_hint="SCENARIO")
    for name in ("mutual_tls", "store", "store_url", "postgresql", "seeded"):
        if given[name] and name not in SCENARIOS[scenario].uses:
            able = ", ".join(known for known, other in SCENARIOS.items() if name in other.uses)
            hint = "--" + name.replace("_", "-")
            raise click.BadParameter(f"not with {scenario}, but with {able}", param_hint=hint)
    report = run(scenario, Parameters(**given), out)
    sys.exit(report.exit_code)


@lab.command(name="seed", context_settings=_PASS_ON, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab_seed(arguments: tuple[str, ...]) -> None:
    """Fill an empty store with hosts, accounts, networks and Instances."""
    _become("lakh.seed", arguments)


@lakh.command()
@click.argument("command")
@click.argument("parameters", nargs=-1)
@click.option("--url", envvar="CLOUDSTACK_ENDPOINT", default="http://127.0.0.1:8080/client/api", show_default=True)
@click.option("--key", envvar="CLOUDSTACK_KEY", default="", help="API key")
@click.option("--secret", envvar="CLOUDSTACK_SECRET", default="", help="secret key")
@click.option("--wait/--no-wait", default=True, show_default=True, help="wait for the end of an asynchronous job")
def api(command: str, parameters: tuple[str, ...], url: str, key: str, secret: str, wait: bool) -> None:
    """Call one API command and print its answer.

    Example: lakh api listVirtualMachines state=Running pagesize=5 page=1
    """
    from lakh.cli.call import call

    sys.exit(call(command, parameters, url, key, secret, wait))


def _become(module: str, arguments: tuple[str, ...]) -> None:
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])
