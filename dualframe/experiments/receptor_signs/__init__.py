"""The sign of every receptor's effect, measured in both branches."""
