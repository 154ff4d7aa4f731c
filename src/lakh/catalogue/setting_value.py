"""What a setting's value may be, and what it means.

Values are text everywhere (store, API); `check` says whether a new text is acceptable and `boolean`, `integer`,
`number` and `listed` read one. A refusal names the setting and what would be right. An empty text clears the value and
is always accepted, as CloudStack does.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable

from lakh.base.errors import ParameterError
from lakh.catalogue.hypervisors import hypervisors
from lakh.catalogue.settings import Setting

_RANGES = {"Integer": (-(2**31), 2**31 - 1), "Long": (-(2**63), 2**63 - 1)}
_INTERVAL = re.compile(r"(\d+)-(\d+)")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_INTEGER = re.compile(r"[+-]?\d{1,19}")


def check(setting: Setting, text: str | None) -> str | None:
    """The value to store for a new `text`: trimmed where the type is not String, None where it clears the setting.

    Raises ParameterError naming the setting and what would be right.
    """
    if text is None or not text.strip():
        return None
    if setting.type != "String":
        text = text.strip()
    _check_type(setting, text)
    _check_options(setting, text)
    _check_form(setting, text)
    return text


def _refuse(setting: Setting, text: str, right: str) -> ParameterError:
    shown = "the given value" if setting.secured else repr(text)
    return ParameterError(f"Invalid value for configuration setting {setting.name}: {shown} is not {right}")


def _check_type(setting: Setting, text: str) -> None:
    if setting.type == "Boolean":
        if text not in ("true", "false"):
            raise _refuse(setting, text, "true or false")
    elif setting.type in _RANGES:
        low, high = _RANGES[setting.type]
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise _refuse(setting, text, f"a whole number from {low} to {high}")
    elif setting.type in ("Float", "Double") and _finite(text) is None:
        raise _refuse(setting, text, "a decimal number")


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def _check_options(setting: Setting, text: str) -> None:
    if not setting.options:
        return
    if setting.kind == "Select":
        if text not in setting.options:
            raise _refuse(setting, text, f"one of {', '.join(setting.options)}")
        return
    given = text.split() if setting.kind == "WhitespaceSeparatedListWithOptions" else listed(text)
    unknown = [item for item in given if item not in setting.options]
    if unknown or len(set(given)) != len(given):
        raise _refuse(setting, text, f"a list of different items of {', '.join(setting.options)}")


def _check_form(setting: Setting, text: str) -> None:
    if not setting.accepts:
        return
    interval = _INTERVAL.fullmatch(setting.accepts)
    if interval is not None:
        low, high = int(interval[1]), int(interval[2])
        if not low <= int(text) <= high:
            raise _refuse(setting, text, f"a whole number from {low} to {high}")
        return
    form = _FORMS.get(setting.accepts)
    if form is None:
        words = setting.accepts.split(",")
        if text not in words:
            raise _refuse(setting, text, f"one of {', '.join(words)}")
        return
    fits, right = form
    if not fits(text):
        raise _refuse(setting, text, right)


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _are_cidrs(text: str) -> bool:
    items = listed(text)
    return bool(items) and all(_is_cidr(item) for item in items)


def _is_address_range(text: str) -> bool:
    first, dash, last = text.partition("-")
    try:
        low, high = ipaddress.IPv4Address(first.strip()), ipaddress.IPv4Address(last.strip())
    except ValueError:
        return False
    return bool(dash) and low <= high


def _are_hypervisors(text: str) -> bool:
    known = {h.name.lower() for h in hypervisors()}
    items = listed(text)
    return bool(items) and all(item.lower() in known for item in items)


def _is_instance_name(text: str) -> bool:
    return "-" not in text and _LABEL.fullmatch(text) is not None


def _is_domain_name(text: str) -> bool:
    name = text.removeprefix("*.")
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))


def _is_fraction(text: str) -> bool:
    return 0 <= float(text) <= 1


def _is_factor(text: str) -> bool:
    return float(text) >= 1


_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "cidr": (_is_cidr, "an address block such as 10.1.0.0/16"),
    "cidrs": (_are_cidrs, "a comma-separated list of address blocks such as 10.1.0.0/16,fd00::/8"),
    "iprange": (_is_address_range, "a range of IPv4 addresses such as 10.1.2.1-10.1.2.8"),
    "hypervisors": (_are_hypervisors, "a comma-separated list of hypervisors such as KVM,XenServer"),
    "instancename": (_is_instance_name, "a name of letters and digits without hyphen"),
    "domainname": (_is_domain_name, "a domain name such as example.org or *.example.org"),
    "fraction": (_is_fraction, "a decimal number from 0 to 1"),
    "factor": (_is_factor, "a decimal number of at least 1"),
}


def boolean(text: str | None) -> bool:
    """True for `true` in any case, as CloudStack reads booleans."""
    return text is not None and text.strip().lower() == "true"


def integer(text: str | None, absent: int = 0) -> int:
    """The whole number, or `absent` where there is no value."""
    return absent if text is None or not text.strip() else int(text)


def number(text: str | None, absent: float = 0.0) -> float:
    """The number, or `absent` where there is no value."""
    return absent if text is None or not text.strip() else float(text)


def listed(text: str | None) -> tuple[str, ...]:
    """The items of a comma-separated list, trimmed, without empty ones."""
    return tuple(item.strip() for item in (text or "").split(",") if item.strip())
