"""From a lowered network to Brian2 objects."""
