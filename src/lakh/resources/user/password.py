"""Passwords at rest: scrypt with a salt of its own each, verified off the loop's thread.

The stored text names its parameters, `scrypt$<log2 n>$<r>$<p>$<salt>$<hash>` (Base64), so that they can be raised later
without invalidating what is stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest
from typing import Final

LOG2_N: Final = 14  # 16 MiB and about 40 ms a hash
R: Final = 8
P: Final = 1
MEMORY_BYTES: Final = 64 * 1024 * 1024
UNUSABLE: Final = "!"
"""Stored for users that never log in, such as the system user."""

_threads = ThreadPoolExecutor(2, thread_name_prefix="password")
"""Few, since each hash takes 16 MiB and a core for tens of milliseconds; further ones wait for a thread."""


async def hash_password(password: str) -> str:
    """The text to store for a password."""
    return await asyncio.get_running_loop().run_in_executor(_threads, hash_now, password)


async def verify_password(password: str, stored: str) -> bool:
    """True when the password fits the stored text. A wrong or an unusable one takes as long as the right one."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify_now, password, stored)


def hash_now(password: str, salt: bytes | None = None) -> str:
    """As `hash_password`, on the caller's thread."""
    salt = salt or secrets.token_bytes(16)
    made = _scrypt(password, salt, LOG2_N, R, P)
    return f"scrypt${LOG2_N}${R}${P}${b64encode(salt).decode()}${b64encode(made).decode()}"


def _scrypt(password: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << log2_n, r=r, p=p, maxmem=MEMORY_BYTES, dklen=32)


def _verify_now(password: str, stored: str) -> bool:
    parts = stored.split("$")
    if len(parts) != 6 or parts[0] != "scrypt":
        _scrypt(password, b"0123456789abcdef", LOG2_N, R, P)
        return False
    _, log2_n, r, p, salt, wanted = parts
    made = _scrypt(password, b64decode(salt), int(log2_n), int(r), int(p))
    return compare_digest(made, b64decode(wanted))
