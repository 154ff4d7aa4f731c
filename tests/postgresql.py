"""PostgreSQL for tests: the server named by LAKH_TEST_POSTGRESQL, or a throw-away cluster of our own.

The cluster lives in a temporary folder, in memory where there is room, listens on a unix socket there and nowhere else,
never syncs, and ends with the test process however that ends. A test's database is a copy of a template's files: that
takes a third of the time of writing it to the log, once the files are in memory. Its default collation is a human
language's, so that a text column which forgot to order by bytes is found out.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

START_SECONDS = 60
_FOLDER = "lakh-pg-"  # then the test process's id
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 3 << 30
"""Room that a cluster in memory must find: some 300 MB of its own, and as much again where a test fills one."""
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "deadlock_timeout": "100ms",
    "log_min_messages": "warning",
}


def binaries() -> Path:
    """The folder of PostgreSQL's programs, installed from Debian's packages where root may do so."""
    if (found := _installed()) is not None:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update"], check=True, **quiet)  # type: ignore[call-overload]
        install = ["apt-get", "install", "-y", "--no-install-recommends", "postgresql"]
        subprocess.run(install, check=True, **quiet)  # type: ignore[call-overload]
        if (found := _installed()) is not None:
            return found
    raise RuntimeError("no PostgreSQL here: apt-get install postgresql, or name a server in LAKH_TEST_POSTGRESQL")


def _installed() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


class Cluster:
    """A running server. `url(name)` leads to one of its databases."""

    def __init__(self, root_url: str) -> None:
        self._root = urlsplit(root_url)
        self._numbers = itertools.count(1)
        self._prefix = f"lakh_test_{os.getpid()}"

    def url(self, database: str) -> str:
        return urlunsplit(self._root._replace(path=f"/{database}"))

    async def fresh(self, template: str = "template0") -> str:
        """The name of a new database, a copy of `template`."""
        name = f"{self._prefix}_{next(self._numbers)}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    async def drop(self, database: str) -> None:
        await self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    async def _run(self, text: str) -> None:
        connection = await asyncpg.connect(urlunsplit(self._root))
        try:
            await connection.execute(text)
        finally:
            await connection.close()


class OwnCluster(Cluster):
    """A cluster in a temporary folder, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"postgresql://postgres@/postgres?host={folder}")
        self._folder = folder
        self._binaries = binaries()
        self._server: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=100)
        create = ["initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        create += ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]
        made = subprocess.run(self._command(*create), capture_output=True, text=True, cwd=folder)
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stderr}")

    @property
    def data(self) -> Path:
        """The folder of the server's files."""
        return self._folder / "data"

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._binaries / program), *arguments]
        caller = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            user = _unprivileged()
            caller += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return [*caller, *command]

    def start(self) -> None:
        """Starts the server and waits until it accepts connections."""
        options = [f"-c{key}={value}" for key, value in _OPTIONS.items()]
        options.append(f"-cunix_socket_directories={self._folder}")
        self._server = subprocess.Popen(
            self._command("postgres", "-D", f"{self._folder}/data", *options),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=self._folder,
        )
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self._server, ready), daemon=True).start()
        if not ready.wait(START_SECONDS) or self._server.poll() is not None:
            raise RuntimeError("PostgreSQL did not start:\n" + "\n".join(self._said))

    def _listen(self, server: subprocess.Popen[str], ready: threading.Event) -> None:
        assert server.stderr is not None
        for line in server.stderr:
            self._said.append(line.rstrip())
            if "ready to accept connections" in line:
                ready.set()
        ready.set()

    def freeze(self) -> None:
        """Lets no process of the server run, as when its machine stands still: sockets stay open, nobody answers."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Ends a freeze: what lay in the sockets is read and done now."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._server is not None
        pid = self._server.pid
        os.kill(pid, number)
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), number)

    def stop(self) -> None:
        """Stops the server as an operator would who is in a hurry: sessions end at once."""
        if self._server is not None:
            self.thaw()
            self._server.send_signal(2)
            self._server.wait(START_SECONDS)
            self._server = None


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("neither user postgres nor nobody exists: PostgreSQL does not run as root")


def _remove_orphans() -> None:
    """Clusters in memory whose test process was killed: their servers ended with it, their files stay and take room."""
    for folder in MEMORY.glob(f"{_FOLDER}*-*"):
        pid = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    """Where files stay in memory, if that may be written and has room; else None, for the usual temporary folder."""
    fits = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES
    return MEMORY if fits else None


@cache
def cluster() -> Cluster:
    """The server of this test process, started when first asked for."""
    if named := os.environ.get("LAKH_TEST_POSTGRESQL"):
        return Cluster(named)
    context = own_cluster()
    atexit.register(context.__exit__, None, None, None)
    return context.__enter__()


@contextmanager
def own_cluster() -> Iterator[OwnCluster]:
    """A cluster that nobody else uses."""
    _remove_orphans()
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=_memory()))
    try:
        if os.geteuid() == 0:
            user = _unprivileged()
            os.chown(folder, user.pw_uid, user.pw_gid)
        cluster = OwnCluster(folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
