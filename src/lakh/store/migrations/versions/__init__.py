"""One file per revision, run in the order of their numbers."""
