"""The gateway process: `python -m lakh.gateway --bus PATH --certificate CERT,KEY --port 8250 --id N`."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import time
from pathlib import Path
from random import SystemRandom

from lakh.base import log
from lakh.bus.messages import ToGateway
from lakh.bus.socket import BusDialer
from lakh.gateway.capacity import Capacity, open_files
from lakh.gateway.drain import Drain
from lakh.gateway.gateway import Gateway
from lakh.gateway.loop import Loop
from lakh.gateway.newcomers import bound_sockets
from lakh.wire.tls import CertificateFiles, ClientRules, TlsSide

_NICE = 3
"""Where a storm of handshakes fills the machine, the control process goes first: it answers the API."""
_FEW_COLLECTIONS = 200_000  # allocations between two collections: sessions are long-lived and hardly cyclic


def main(arguments: list[str] | None = None) -> int:
    """Runs one gateway until SIGTERM or SIGINT, or until the process that started it is gone (with --with-parent).

    At SIGHUP it parts with its agents in order, and then ends.
    """
    options = _options(arguments)
    if options.with_parent and os.getppid() != options.with_parent:
        return 0  # killed while we were starting: nobody would ever stop us, and we would take agents from others
    os.nice(_NICE)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # longer turns, and nobody is interrupted for us
    log.configure(options.log_level, f"gateway-{options.id}")
    logger = log.logger(__name__)
    _unblock_logs()
    loop = Loop(time.monotonic)
    authorities = tuple(options.client_authority or [files.certificate for files in options.certificate])

    def certified(required: bool, allow_expired: bool) -> TlsSide:
        return TlsSide.server(options.certificate, clients=ClientRules(authorities, required, allow_expired))

    try:
        tls = TlsSide.server(options.certificate)
        certified(True, False)  # now, not when somebody turns strictness on
    except (OSError, ValueError) as error:
        print(f"lakh.gateway: --certificate or --client-authority: {error}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        bound = [bound_sockets(options.host, options.port)]
    except OSError as error:
        print(f"lakh.gateway: --host or --port {options.port}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return 2
    gateway = Gateway(options.id, loop, tls, Capacity(open_files()), SystemRandom().randrange, certified)

    def listen() -> None:
        """Once a control process has told the settings: before, no Startup could be answered."""
        gateway.on_settings = lambda: None
        gateway.newcomers.listen(lambda: bound.pop() if bound else bound_sockets(options.host, options.port))
        logger.info("listening", port=options.port)
        if options.report is not None:
            os.write(options.report, b'{"listening": %d}\n' % options.id)

    gateway.on_settings = listen
    dialers = [BusDialer(path, loop, ToGateway, gateway.connect) for path in options.bus]
    for dialer in dialers:
        dialer.dial()
    drain = Drain(loop, gateway.edge, gateway.newcomers, loop.stop)
    _heed_signals(loop, drain)
    if options.with_parent:
        _stop_with_parent(loop, options.with_parent)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_FEW_COLLECTIONS)
    loop.run()
    for dialer in dialers:
        dialer.close()
    gateway.newcomers.close()
    gateway.edge.close()
    loop.close()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m lakh.gateway",
        description="Holds agents' connections for the control processes of this machine.",
        epilog="example: python -m lakh.gateway --id 1 --bus data/bus.sock --certificate ca.pem,ca.key --port 8250",
    )
    parser.add_argument("--id", type=int, required=True, help="this gateway's number, unique on the server")
    parser.add_argument(
        "--bus", action="append", required=True, help="a control process's unix socket; may be repeated"
    )
    parser.add_argument("--port", type=int, default=8250, help="agents' port (default 8250)")
    parser.add_argument("--host", action="append", help="address to listen on; may be repeated (default 0.0.0.0)")
    parser.add_argument(
        "--certificate",
        action="append",
        required=True,
        type=_certificate,
        metavar="CERT,KEY",
        help="PEM files of a certificate and its key; repeat for a second kind of key (P-256 first, then RSA)",
    )
    parser.add_argument(
        "--client-authority",
        action="append",
        type=Path,
        metavar="CERT",
        help="PEM file: an authority of agents' certificates, where the settings ask for these; may be repeated "
        "(default: the certificates presented)",
    )
    parser.add_argument("--with-parent", type=int, metavar="PID", help="stop when the starting process is gone")
    parser.add_argument("--report", type=int, metavar="FD", help="where to write a line of JSON once it listens")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    options = parser.parse_args(arguments)
    options.host = options.host or ["0.0.0.0"]
    return options


def _certificate(text: str) -> CertificateFiles:
    certificate, comma, key = text.partition(",")
    if not comma:
        raise argparse.ArgumentTypeError(f"{text!r}: give two files, CERT,KEY")
    return CertificateFiles(Path(certificate), Path(key))


def _unblock_logs() -> None:
    """Gives this process its own, non-blocking descriptor of standard error, so that a full pipe never stops it."""
    try:
        own = os.open("/proc/self/fd/2", os.O_WRONLY | os.O_NONBLOCK | os.O_APPEND)
    except OSError:
        return  # a socket or a closed descriptor: leave it
    os.dup2(own, 2)
    os.close(own)


def _heed_signals(loop: Loop, drain: Drain) -> None:
    """SIGTERM and SIGINT end the loop, SIGHUP drains it first; the pipe wakes it from its poll."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def heard() -> None:
        for number in os.read(reader, 64):
            if number == signal.SIGHUP:
                drain.begin()
            else:
                loop.stop()

    loop.add_reader(reader, heard)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)  # the number arrives by the pipe


def _stop_with_parent(loop: Loop, parent: int) -> None:
    def look() -> None:
        if os.getppid() != parent:
            loop.stop()
        else:
            loop.later(1.0, look)

    look()


if __name__ == "__main__":
    sys.exit(main())
