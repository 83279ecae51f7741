"""Fitting point neurons to what a cell with dendrites does."""
