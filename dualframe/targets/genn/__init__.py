"""The target genn: Brian2GeNN."""
