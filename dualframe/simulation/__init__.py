"""Running and exporting networks, on any target."""
