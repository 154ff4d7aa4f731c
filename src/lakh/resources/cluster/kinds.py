"""What a cluster may be: its hypervisor, type and architecture."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.hypervisors import hypervisors

ARCHITECTURES = ("x86_64", "aarch64", "s390x")
TYPES = ("CloudManaged", "ExternalManaged")
SERVED = "KVM"


def checked_hypervisor(name: str) -> str:
    """The hypervisor by CloudStack's spelling. Raises ParameterError for one that is unknown or not served."""
    known = next((h.name for h in hypervisors() if h.name.lower() == name.lower()), None)
    if known is None:
        raise ParameterError(f"Unable to resolve hypervisor {name} to a known hypervisor type")
    if known.upper() != SERVED:
        raise ParameterError(f"Hosts of hypervisor {known} can not be served here: give {SERVED}")
    return known


def checked_architecture(name: str) -> str:
    """Raises ParameterError for an unknown one."""
    for known in ARCHITECTURES:
        if known == name.lower():
            return known
    raise ParameterError(f"Invalid parameter arch {name}: give one of {', '.join(ARCHITECTURES)}")
