"""The free details of a VM: which of them a caller may set."""

from __future__ import annotations

from collections.abc import Iterable

from lakh.base.errors import ParameterError
from lakh.resources.command import Call
from lakh.resources.configuration.values import Settings

SIZES = ("cpuNumber", "cpuSpeed", "memory")
"""Details that say how large a VM of a custom offering is; resizing changes them, updating does not."""

DEPLOY_TIME = ("rootdisksize",)
"""Denied later on, but how some clients say at deployment how large the root disk is."""


def check_details(call: Call, details: Iterable[str], *, deploying: bool = True) -> None:
    """Raises ParameterError for a detail that the settings keep from users."""
    if call.caller.is_root_admin:
        return
    settings = call.cloud.part(Settings)
    kept = _names(settings.text("user.vm.denied.details")) | _names(settings.text("user.vm.readonly.details"))
    for name in details:
        if name in kept and not (deploying and name in DEPLOY_TIME):
            raise ParameterError(f"You're not allowed to add or edit the restricted detail: {name[:64]}")


def _names(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}
