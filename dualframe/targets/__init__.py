"""Targets: from the description of a network to a run on Brian2, as C++ or on GeNN."""
