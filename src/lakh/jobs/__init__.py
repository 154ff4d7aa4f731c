"""Durable work: flows of steps with undo, run under a lease; a job's row is the API's async job."""
