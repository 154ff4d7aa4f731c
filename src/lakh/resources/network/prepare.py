"""What a VM's networks must do before it starts: be implemented, and have their router know its address and data."""

from __future__ import annotations

from typing import Any

from lakh.jobs.flow import Run
from lakh.resources.vm.row import VmRow


async def prepare_nics(run: Run[Any], vm: VmRow, password: str | None) -> None:
    """Idempotent. Raises ResourceUnavailableError when a router refuses."""
