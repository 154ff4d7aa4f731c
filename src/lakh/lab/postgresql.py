"""A PostgreSQL cluster of the lab's own, in a folder: durable, on a unix socket and nowhere else, gone with the run.

The folder keeps it for the next run. PostgreSQL refuses to run as root, so root hands it to the user `postgres`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from lakh.base.errors import LakhError
from lakh.lab.machine import family

OPTIONS: Final = {
    "listen_addresses": "",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "60",
    "wal_compression": "on",
    "log_min_messages": "warning",
}
"""What an operator would set on such a machine; everything that makes it durable is as shipped."""
_DATABASE: Final = "lakh"
_START_SECONDS: Final = 120.0
_WITH_US: Final = ("setpriv", "--pdeathsig", "INT") if shutil.which("setpriv") else ()
"""It ends in order when we are killed."""


class PostgresqlError(LakhError):
    """There is no PostgreSQL, or it does not start; the text shows the end of its log."""


class Postgresql:
    """A running cluster; `url` leads to its database. Call `stop` at the end. Raises PostgresqlError."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        self._folder, self._data = folder, folder / "data"
        self._as: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        folder.mkdir(parents=True, exist_ok=True)
        if self._as:
            folder.parent.chmod(0o711)
            shutil.chown(folder, **self._as)
        if not (self._data / "PG_VERSION").exists():
            self._run("initdb", "-D", self._data, "-U", _DATABASE, "-E", "UTF8", "--locale=C", "--auth=trust")
        elif (self._data / "postmaster.pid").exists():  # the last run was killed
            self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop", check=False)
        self._log = folder / "postgresql.log"
        settings = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*_WITH_US, self._programs / "postgres", "-D", self._data, "-k", folder, *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/", **self._as,
            )  # fmt: skip
        try:
            self._wait()
            self._run("createdb", "-h", folder, "-U", _DATABASE, _DATABASE, check=False)  # it may be there
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        return f"postgresql://{_DATABASE}@/{_DATABASE}?host={self._folder}"

    def pids(self) -> list[int]:
        return family(self.process.pid)

    def vacuum(self) -> None:
        """Cleans up and takes statistics of all tables, and writes out what is dirty. Raises PostgresqlError."""
        self._run("vacuumdb", "-h", self._folder, "-U", _DATABASE, "--analyze", "--quiet", _DATABASE)
        self._run("psql", "-h", self._folder, "-U", _DATABASE, "-q", "-c", "CHECKPOINT", _DATABASE)

    def stop(self) -> None:
        """Ends it; what was committed is durable."""
        self._run("pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop", check=False)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._run("pg_isready", "-h", self._folder, "-q", check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace").splitlines()[-5:]
                raise PostgresqlError("PostgreSQL does not start:\n" + "\n".join(tail))
            time.sleep(0.2)

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self._programs / program, *arguments], capture_output=True, text=True, cwd="/", check=False, **self._as
        )
        if check and done.returncode:
            raise PostgresqlError(f"{program}: {done.stderr.strip()[-300:]}")
        return done


def _programs() -> Path:
    """The folder of PostgreSQL's programs, of the newest version that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("postgres")
    if found is None:
        raise PostgresqlError("no PostgreSQL is installed here: install it, or name a server with --store-url")
    return Path(found).resolve().parent
