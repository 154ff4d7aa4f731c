"""What everything stands on: clock, ids, errors, limits, logging, metrics. Imports nothing of ours."""
