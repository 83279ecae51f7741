"""Synapse models: receptor currents and short-term plasticity."""
