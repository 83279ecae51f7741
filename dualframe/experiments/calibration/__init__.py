"""Calibration of synaptic weights and background rates."""
