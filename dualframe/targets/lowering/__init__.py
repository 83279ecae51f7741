"""From a network to the portable subset of Brian2, as data."""
