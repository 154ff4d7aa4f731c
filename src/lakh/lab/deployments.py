"""The parameters of one deployment in an installation of ours."""

from __future__ import annotations

from typing import Any

from lakh.lab.installation import Installation, Zone


def deployment(installation: Installation, number: int) -> dict[str, Any]:
    """The parameters of the deployment of that number: a fiftieth goes to the second zone."""
    second = len(installation.zones) > 1 and number % 50 == 0
    return {**place(installation, installation.zones[1 if second else 0]), "name": f"demo-{number}"}


def place(installation: Installation, zone: Zone) -> dict[str, str]:
    """Where and what, without a name."""
    return {
        "zoneid": zone.id,
        "templateid": zone.template_id,
        "serviceofferingid": installation.offering_id,
        "networkids": zone.network_id,
    }
