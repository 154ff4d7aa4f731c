"""Which VM has a NIC in which network, in memory: lists of VMs filter by networks."""

from __future__ import annotations

from lakh.resources.held import Holding
from lakh.resources.nic.row import NicRow

NICS = Holding(NicRow, ("vm_id", "network_id"))
