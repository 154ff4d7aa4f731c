"""Signatures against values computed without our code: by hand, by openssl, and by the clients' own signing code."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from cs import CloudStack
from libcloud.common.cloudstack import CloudStackConnection

from lakh.contract.signature import canonical, expired, sign, verify

SECRET = b"VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ"
PAIRS = [
    ("apiKey", "miVr6X7u6bN_sdahOBpjNejPgEsT35eXq-jB8CG20YI3yaxXcgpyuaIRmFI_EJTVwZ0nUkkJbPmY3y2bciKwFQ"),
    ("command", "deployVirtualMachine"),
    ("displayname", "Ünïcode & more = *~[x]+y"),
    ("response", "json"),
]


def _by_hand(text: str) -> str:
    return base64.b64encode(hmac.new(SECRET, text.encode(), hashlib.sha1).digest()).decode()


def test_the_canonical_text_is_sorted_by_name_encoded_as_java_does_and_lower_cased() -> None:
    pairs = [("b", "A b"), ("a", "x*~"), ("Z", "[1]"), ("details[0].x", "1")]
    assert canonical(pairs) == "z=%5b1%5d&a=x*%7e&b=a%20b&details[0].x=1"


def test_a_signature_equals_one_computed_by_hand() -> None:
    text = (
        "apikey=mivr6x7u6bn_sdahobpjnejpgest35exq-jb8cg20yi3yaxxcgpyuairmfi_ejtvwz0nukkjbpmy3y2bcikwfq"
        "&command=deployvirtualmachine"
        "&displayname=%c3%9cn%c3%afcode%20%26%20more%20%3d%20*%7e%5bx%5d%2by"
        "&response=json"
    )
    assert sign(PAIRS, SECRET) == _by_hand(text)
    assert verify(PAIRS, _by_hand(text), SECRET)


def test_exoscale_cs_signs_what_we_accept() -> None:
    client = CloudStack(endpoint="http://localhost", key="k", secret=SECRET.decode())
    params = dict(PAIRS)
    client._sign(params)
    signature = params.pop("signature")
    assert verify(list(params.items()), signature, SECRET)


def test_libcloud_signs_what_we_accept_though_it_sorts_otherwise() -> None:
    connection = CloudStackConnection.__new__(CloudStackConnection)
    connection.user_id, connection.key = "k", SECRET.decode()
    params = dict([*PAIRS, ("details[0].cpuNumber", "2"), ("details[0].cpuallocated", "1"), ("Zone", "~[a]")])
    signature = connection._make_signature(params)
    assert verify(list(params.items()), signature.decode(), SECRET)


@pytest.mark.parametrize("changed", [("command", "destroyVirtualMachine"), ("displayname", ""), ("extra", "1")])
def test_a_changed_request_does_not_verify(changed: tuple[str, str]) -> None:
    signature = sign(PAIRS, SECRET)
    assert not verify([p for p in PAIRS if p[0] != changed[0]] + [changed], signature, SECRET)
    assert not verify(PAIRS, signature, SECRET + b"x")
    assert not verify(PAIRS, "", SECRET)
    assert not verify(PAIRS, "Ünlesbar", SECRET)


NOW = 1_767_323_045_000  # 2026-01-02T03:04:05Z


@pytest.mark.parametrize(
    ("version", "expires", "too_late"),
    [
        ("3", "2026-01-02T03:04:06+0000", False),
        ("3", "2026-01-02T03:04:06+00:00", False),
        ("3", "2026-01-02T03:04:06Z", False),
        ("3", "2026-01-02T03:04:06'Z'+0000", False),
        ("3", "2026-01-02T03:04:05.500000+0000", False),
        ("3", "2026-01-02T04:04:06+0100", False),
        ("3", "2026-01-02T03:04:04+0000", True),
        ("3", "2026-01-02T04:04:04+01:00", True),
        ("3", "2026-01-02T03:04:06", True),
        ("3", "tomorrow", True),
        ("3", "2026-13-02T03:04:06Z", True),
        ("3", None, True),
        (None, "2000-01-01T00:00:00Z", False),
        ("2", "2000-01-01T00:00:00Z", False),
    ],
)
def test_only_version_3_expires(version: str | None, expires: str | None, too_late: bool) -> None:
    assert expired(version, expires, NOW) is too_late
