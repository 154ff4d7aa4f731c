"""`python -m lakh.server`: what `lakh server` runs."""

from __future__ import annotations

import argparse
import os
import sys

import msgspec

from lakh.base import log
from lakh.server.config import PREFIX, SECRETS, Configuration, ConfigurationError, handed_on, read


def main(arguments: list[str] | None = None) -> int:
    """Runs the supervisor, or with --control the control process. Returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="lakh server",
        description="Runs a management server: API, jobs, store, and gateways for agents. SIGHUP restarts the gateways"
        " one after another, while agents and jobs go on.",
        epilog="Every key may stand in the file, or in the environment as LAKH_ and its name in capitals. Keep secrets"
        " there: a flag can be read by everybody on this machine for as long as this process runs. It goes no further:"
        " the processes started from here get secrets by environment."
        " Example: lakh server --data-folder /var/lib/lakh --api-port 8080 --agent-port 8250",
    )
    parser.add_argument("--config", help="a TOML file with the keys below")
    parser.add_argument("--control", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--place", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--first", action="store_true", help=argparse.SUPPRESS)
    for field in msgspec.structs.fields(Configuration):
        flag = "--" + field.name.replace("_", "-")
        kind = int if field.type is int else str
        secret = f"; better {PREFIX}{field.name.upper()}" if field.name in SECRETS else ""
        parser.add_argument(flag, dest=field.name, type=kind, help=f"default {field.default!r}{secret}")
    options = vars(parser.parse_args(given))
    path, control = options.pop("config"), options.pop("control")
    place, first = options.pop("place"), options.pop("first")
    try:
        config = read(path, os.environ, options)
    except ConfigurationError as error:
        parser.error(str(error))
    if control is not None:
        from lakh.server.control import Place
        from lakh.server.control import main as control_main

        return control_main(config, control, Place(place, first))
    from lakh.server.supervisor import Supervisor

    log.configure(config.log_level, "server")
    return Supervisor(config, *handed_on(options, path)).run()


if __name__ == "__main__":
    sys.exit(main())
