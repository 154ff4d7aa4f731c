"""What a fresh installation holds, as data: settings, OS types, offerings, roles, event, alert and usage types."""
