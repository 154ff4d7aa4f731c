"""What a deployment costs the control process, measured within one process."""
