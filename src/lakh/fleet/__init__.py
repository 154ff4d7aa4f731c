"""Many agents over a hypervisor in memory; behaviours are data."""
